// SPDX-License-Identifier: MIT OR Apache-2.0
//! One spot across maps, frames and resolutions, and against other catalogues.
//!
//! [`track`] takes catalogues to a [`FamilyTree`]: coarse ones first, a spot is the same as before when its centroid lies
//! on the footprint of the earlier one or within the errors of both; where several fall on one, they are its children
//! ("spot 5" of the approach is `T001`, its two parts at 2 km are `T001.1` and `T001.2`, the parts of those `T001.1.1` …).
//! [`cross_match`] gives the probability that a spot is an entry of a list of places.
//!
//! # Source
//! Likelihood ratios against chance: Sutherland & Saunders (1992), MNRAS 259, 413; Budavári & Szalay (2008), ApJ 679, 301.

use std::f64::consts::{PI, TAU};

use facula_core::{Ellipsoid, Feature, LonLat};

use crate::detect::window::Frame;
use crate::{Polarity, Spot, SpotError};

/// The spots of one map or frame.
#[derive(Debug, Clone, Copy)]
pub struct Catalogue<'a> {
    /// Its name, unique among those tracked together (`rc3`, `FC21A0038582`).
    pub name: &'a str,
    /// Its spots.
    pub spots: &'a [Spot],
    /// Size of its cells on the ground, km.
    pub cell_km: f64,
    /// One-sigma error of where the whole map or frame lies, in one direction, km.
    pub registration_sigma_km: f64,
}

/// When two spots are one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrackOptions {
    /// Centroids within so many sigma of their combined error are the same place.
    pub gate_sigma: f64,
    /// Or this fraction of the finer spot's footprint lies in the outline of the coarser one.
    pub overlap_fraction: f64,
}

impl Default for TrackOptions {
    fn default() -> Self {
        Self { gate_sigma: 3.0, overlap_fraction: 0.5 }
    }
}

/// How a track began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Relation {
    /// Where none was before.
    New,
    /// As a part of its parent.
    Part,
}

/// One spot followed through catalogues.
#[derive(Debug, Clone, PartialEq)]
pub struct Tracked {
    /// Identifier: `T001` in the order of first sight, `T001.2` for the second part of it.
    pub id: String,
    /// How it began.
    pub relation: Relation,
    /// The track it is a part of.
    pub parent: Option<String>,
    /// Its parts at finer resolution.
    pub children: Vec<String>,
    /// Catalogue and spot identifier of each sighting, coarse first.
    pub members: Vec<(String, String)>,
}

/// All tracks, sorted by identifier of their roots, parents before children.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FamilyTree {
    /// The tracks.
    pub tracks: Vec<Tracked>,
}

impl FamilyTree {
    /// The track a spot of a catalogue belongs to.
    pub fn of(&self, catalogue: &str, spot_id: &str) -> Option<&Tracked> {
        self.tracks.iter().find(|t| t.members.iter().any(|(c, s)| c == catalogue && s == spot_id))
    }

    /// A track by its identifier.
    pub fn get(&self, id: &str) -> Option<&Tracked> {
        self.tracks.iter().find(|t| t.id == id)
    }

    /// The tracks at the ends of all branches below a track (itself when it has no parts).
    pub fn leaves(&self, id: &str) -> Vec<&Tracked> {
        let Some(track) = self.get(id) else { return Vec::new() };
        if track.children.is_empty() {
            return vec![track];
        }
        track.children.iter().flat_map(|child| self.leaves(child)).collect()
    }
}

/// A track while it is followed: its record and where it was last seen.
struct Live<'a> {
    record: Tracked,
    last: &'a Spot,
    registration_sigma_km: f64,
}

/// Follows spots through catalogues of any order: they are taken from coarse to fine, equals by name.
///
/// # Errors
/// [`SpotError::Argument`] when two catalogues have one name or a number is out of range.
pub fn track(
    catalogues: &[Catalogue<'_>],
    ellipsoid: &Ellipsoid,
    options: &TrackOptions,
) -> Result<FamilyTree, SpotError> {
    check(catalogues, options)?;
    let mut order: Vec<&Catalogue<'_>> = catalogues.iter().collect();
    order.sort_by(|a, b| b.cell_km.total_cmp(&a.cell_km).then(a.name.cmp(b.name)));
    let mut live: Vec<Live<'_>> = Vec::new();
    for catalogue in order {
        let parents: Vec<Option<usize>> =
            catalogue.spots.iter().map(|spot| parent(spot, catalogue, &live, (ellipsoid, options))).collect();
        let before = live.len();
        for (spot, parent) in catalogue.spots.iter().zip(&parents) {
            let shared =
                parent.is_some_and(|p| parents.iter().filter(|other| **other == Some(p)).count() > 1);
            let sighting = (catalogue.name.to_string(), spot.id.clone());
            match parent {
                // The only one on a spot that has no parts yet: the same spot.
                Some(p) if !shared && live[*p].record.children.is_empty() => {
                    live[*p].record.members.push(sighting);
                    live[*p].last = spot;
                    live[*p].registration_sigma_km = catalogue.registration_sigma_km;
                }
                _ => begin(&mut live, (before, *parent), (spot, catalogue.registration_sigma_km), sighting),
            }
        }
    }
    let mut tracks: Vec<Tracked> = live.into_iter().map(|l| l.record).collect();
    tracks.sort_by_key(|t| path(&t.id));
    Ok(FamilyTree { tracks })
}

fn check(catalogues: &[Catalogue<'_>], options: &TrackOptions) -> Result<(), SpotError> {
    let bad = |what, found: String, remedy| Err(SpotError::Argument { what, found, remedy });
    for (k, catalogue) in catalogues.iter().enumerate() {
        if catalogues[..k].iter().any(|other| other.name == catalogue.name) {
            return bad(
                "catalogues",
                format!("two are called {}", catalogue.name),
                "give each a name of its own",
            );
        }
        if !(catalogue.cell_km > 0.0 && catalogue.registration_sigma_km >= 0.0) {
            let found = format!("{} km, {} km", catalogue.cell_km, catalogue.registration_sigma_km);
            return bad(
                "cell_km, registration_sigma_km",
                found,
                "give a positive size and a sigma of 0 or more",
            );
        }
    }
    if !(options.gate_sigma > 0.0 && options.overlap_fraction > 0.0) {
        let found = format!("{}, {}", options.gate_sigma, options.overlap_fraction);
        return bad("gate_sigma, overlap_fraction", found, "give positive numbers");
    }
    Ok(())
}

/// Starts a track: a root, or a part of a parent.
fn begin<'a>(
    live: &mut Vec<Live<'a>>,
    (before, parent): (usize, Option<usize>),
    (last, registration_sigma_km): (&'a Spot, f64),
    sighting: (String, String),
) {
    debug_assert!(parent.is_none_or(|p| p < before));
    let id = match parent {
        Some(p) => format!("{}.{}", live[p].record.id, live[p].record.children.len() + 1),
        None => format!("T{:03}", live.iter().filter(|l| l.record.parent.is_none()).count() + 1),
    };
    let record = Tracked {
        id: id.clone(),
        relation: if parent.is_some() { Relation::Part } else { Relation::New },
        parent: parent.map(|p| live[p].record.id.clone()),
        children: Vec::new(),
        members: vec![sighting],
    };
    if let Some(p) = parent {
        live[p].record.children.push(id);
    }
    live.push(Live { record, last, registration_sigma_km });
}

/// The numbers of an identifier, for sorting.
fn path(id: &str) -> Vec<usize> {
    id.trim_start_matches('T').split('.').filter_map(|part| part.parse().ok()).collect()
}

/// The track an observed spot belongs to: of those it matches the one without parts whose last sighting is nearest in
/// sigmas, else the one with parts.
fn parent(
    spot: &Spot,
    catalogue: &Catalogue<'_>,
    live: &[Live<'_>],
    (ellipsoid, options): (&Ellipsoid, &TrackOptions),
) -> Option<usize> {
    let frame = Frame::at(spot.place, ellipsoid);
    let mut best: Option<(bool, f64, usize)> = None;
    for (k, track) in live.iter().enumerate().filter(|(_, t)| t.last.polarity == spot.polarity) {
        let [east_km, north_km] = frame.offset_km(track.last.place);
        let distance_km = east_km.hypot(north_km);
        let sigma_km = spot
            .position_sigma_km
            .hypot(track.last.position_sigma_km)
            .hypot(catalogue.registration_sigma_km)
            .hypot(track.registration_sigma_km);
        if distance_km > 2.0 * (track.last.diameter_km + spot.diameter_km) + options.gate_sigma * sigma_km {
            continue;
        }
        let sigmas = distance_km / sigma_km.max(1e-9);
        let matches = sigmas <= options.gate_sigma
            || holds(track.last, spot.place, ellipsoid)
            || overlap(track.last, spot, ellipsoid) >= options.overlap_fraction;
        // Parts before wholes, then the nearest relative to its size.
        let rank = (!track.record.children.is_empty(), distance_km / track.last.diameter_km.max(1e-9), k);
        if matches && best.is_none_or(|b| rank < b) {
            best = Some(rank);
        }
    }
    best.map(|(_, _, k)| k)
}

/// Whether a place lies inside the outline of a spot (in its circle where it has none).
fn holds(spot: &Spot, place: LonLat, ellipsoid: &Ellipsoid) -> bool {
    let frame = Frame::at(place, ellipsoid);
    if spot.outline.len() < 4 {
        let [east_km, north_km] = frame.offset_km(spot.place);
        return east_km.hypot(north_km) <= 0.5 * spot.diameter_km;
    }
    let corners: Vec<[f64; 2]> = spot.outline.iter().map(|p| frame.offset_km(*p)).collect();
    // Crossings of the ray to the east from the origin.
    let crosses = |pair: &[[f64; 2]]| {
        let ([x0, y0], [x1, y1]) = (pair[0], pair[1]);
        (y0 > 0.0) != (y1 > 0.0) && x0 + (x1 - x0) * y0 / (y0 - y1) > 0.0
    };
    corners.windows(2).filter(|pair| crosses(pair)).count() % 2 == 1
}

/// Fraction of a spot's footprint inside another.
fn overlap(whole: &Spot, part: &Spot, ellipsoid: &Ellipsoid) -> f64 {
    let inside = part.footprint.iter().filter(|place| holds(whole, **place, ellipsoid)).count();
    inside as f64 / part.footprint.len().max(1) as f64
}

/// An entry of a list of places.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub place: LonLat,
    /// One-sigma error of the place in one direction, km: how well the list knows it and where in the named feature a
    /// spot may lie.
    pub sigma_km: f64,
}

impl Listed {
    /// A named feature: a spot of it lies within its radius (two sigma), and the centres of small ones are rounded by
    /// about 2 km (assumed).
    pub fn of_feature(feature: &Feature) -> Self {
        let sigma_km = (0.25 * feature.diameter_km).hypot(2.0);
        Self { name: feature.name.clone(), place: feature.place, sigma_km }
    }

    /// The rows of a table in text: comma-separated, a first line with names; columns whose names begin with `name`,
    /// `lon` and `lat` (degrees east and north) and, if there is one, `sigma_km`, else `default_sigma_km`.
    ///
    /// # Errors
    /// [`SpotError::Argument`] with the line when a column is missing or a number cannot be read.
    pub fn of_csv(text: &str, default_sigma_km: f64) -> Result<Vec<Self>, SpotError> {
        let lines = text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty() && !l.starts_with('#'));
        let mut rows = lines.map(|(k, line)| (k + 1, line.split(',').map(str::trim).collect::<Vec<_>>()));
        let Some((_, head)) = rows.next() else { return Ok(Vec::new()) };
        let column = |begins: &str| head.iter().position(|name| name.to_lowercase().starts_with(begins));
        let missing = |name: &str| SpotError::Argument {
            what: "list of places",
            found: format!("no column {name} in: {}", head.join(", ")),
            remedy: "give columns that begin with name, lon and lat",
        };
        let named = |begins: &str| column(begins).ok_or_else(|| missing(begins));
        let (name, lon, lat, sigma) = (named("name")?, named("lon")?, named("lat")?, column("sigma_km"));
        rows.map(|(line, cells)| {
            let number = |at: usize, limit: f64| {
                let value = cells.get(at).and_then(|c| c.parse::<f64>().ok()).filter(|v| v.abs() <= limit);
                value.ok_or_else(|| SpotError::Argument {
                    what: "list of places",
                    found: format!("line {line}: {}", cells.join(",")),
                    remedy: "give longitudes and latitudes in degrees and sigmas in km",
                })
            };
            Ok(Self {
                name: cells.get(name).unwrap_or(&"").to_string(),
                place: LonLat::from_degrees(number(lon, 720.0)?, number(lat, 90.0)?),
                sigma_km: sigma.map_or(Ok(default_sigma_km), |at| number(at, 1e6))?,
            })
        })
        .collect()
    }
}

/// A spot and what it may be.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossMatch {
    /// The spot.
    pub spot_id: String,
    /// Name of the entry.
    pub name: String,
    /// Distance between both, km.
    pub distance_km: f64,
    /// Probability that both are the same, given that each entry is there once and entries lie anywhere by chance.
    pub probability: f64,
}

/// Entries a spot may be, most probable first; spots in their order. Those below `least_probability` are left out.
pub fn cross_match(
    spots: &[Spot],
    listed: &[Listed],
    ellipsoid: &Ellipsoid,
    least_probability: f64,
) -> Vec<CrossMatch> {
    let radius_km = ellipsoid.mean_radius_km();
    // Chance: so many entries anywhere on the body.
    let density_per_km2 = listed.len() as f64 / (4.0 * PI * radius_km * radius_km);
    let mut matches = Vec::new();
    for spot in spots.iter().filter(|s| s.polarity == Polarity::Bright || !listed.is_empty()) {
        let frame = Frame::at(spot.place, ellipsoid);
        let ratio = |entry: &Listed| {
            let [east_km, north_km] = frame.offset_km(entry.place);
            let variance_km2 = entry.sigma_km.powi(2) + spot.position_sigma_km.powi(2);
            let distance2_km2 = east_km * east_km + north_km * north_km;
            let density = (-0.5 * distance2_km2 / variance_km2).exp() / (TAU * variance_km2);
            (distance2_km2.sqrt(), density / density_per_km2)
        };
        let ratios: Vec<(f64, f64)> = listed.iter().map(ratio).collect();
        let all: f64 = ratios.iter().map(|r| r.1).sum();
        let mut of_spot: Vec<CrossMatch> = listed
            .iter()
            .zip(&ratios)
            .map(|(entry, (distance_km, ratio))| CrossMatch {
                spot_id: spot.id.clone(),
                name: entry.name.clone(),
                distance_km: *distance_km,
                probability: ratio / (1.0 + all),
            })
            .filter(|m| m.probability >= least_probability)
            .collect();
        of_spot.sort_by(|a, b| b.probability.total_cmp(&a.probability).then(a.name.cmp(&b.name)));
        matches.extend(of_spot);
    }
    matches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::tests::spot_at;
    use facula_core::{Body, features};

    fn ceres() -> Ellipsoid {
        Body::built_in("ceres").unwrap().ellipsoid()
    }

    /// A round spot of a diameter at an offset (km) from Occator's middle.
    fn round(id: &str, [east_km, north_km]: [f64; 2], diameter_km: f64) -> Spot {
        let frame = Frame::at(LonLat::from_degrees(239.6, 19.7), &ceres());
        let around = |radius_km: f64, k: u32| {
            let (sin, cos) = (TAU * f64::from(k % 24) / 24.0).sin_cos();
            frame.place(east_km + radius_km * cos, north_km + radius_km * sin)
        };
        Spot {
            id: id.into(),
            place: frame.place(east_km, north_km),
            diameter_km,
            outline: (0..=24).map(|k| around(0.5 * diameter_km, k)).collect(),
            footprint: (0..24).map(|k| around(0.3 * diameter_km, k)).collect(),
            ..spot_at(0.0, 0.0)
        }
    }

    fn of<'a>(name: &'a str, cell_km: f64, spots: &'a [Spot]) -> Catalogue<'a> {
        Catalogue { name, spots, cell_km, registration_sigma_km: 0.3 }
    }

    #[test]
    fn one_spot_becomes_two_and_the_two_become_five() {
        let approach = [round("S001", [0.0, 0.0], 30.0), round("S002", [200.0, 0.0], 12.0)];
        let rc3 = [
            round("S001", [-7.0, 0.0], 10.0),
            round("S002", [9.0, 2.0], 8.0),
            round("S003", [200.5, 0.2], 9.0),
            round("S004", [-90.0, 30.0], 4.0),
        ];
        let lamo = [
            round("S001", [-9.0, 1.0], 2.0),
            round("S002", [-5.0, -1.0], 2.0),
            round("S003", [8.0, 2.0], 1.5),
            round("S004", [10.0, 1.0], 1.5),
            round("S005", [9.5, 3.5], 1.0),
        ];
        let all = [of("lamo", 0.14, &lamo), of("approach", 4.0, &approach), of("rc3", 2.0, &rc3)];
        let tree = track(&all, &ceres(), &TrackOptions::default()).unwrap();
        let ids: Vec<&str> = tree.tracks.iter().map(|t| t.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "T001", "T001.1", "T001.1.1", "T001.1.2", "T001.2", "T001.2.1", "T001.2.2", "T001.2.3",
                "T002", "T003"
            ]
        );
        assert_eq!(tree.leaves("T001").len(), 5);
        let second = tree.of("approach", "S002").unwrap();
        assert_eq!(second.members, [("approach".into(), "S002".into()), ("rc3".into(), "S003".into())]);
        assert_eq!(tree.of("rc3", "S004").unwrap().relation, Relation::New);
        assert_eq!(tree.get("T001.2.3").unwrap().parent.as_deref(), Some("T001.2"));
        let turned = [all[2], all[0], all[1]];
        assert_eq!(
            tree,
            track(&turned, &ceres(), &TrackOptions::default()).unwrap(),
            "order does not matter"
        );
    }

    #[test]
    fn a_spot_that_was_out_of_sight_is_taken_up_again_and_dark_is_not_bright() {
        let first = [round("S001", [0.0, 0.0], 8.0)];
        let none: [Spot; 0] = [];
        let dark = Spot { polarity: Polarity::Dark, ..round("S002", [0.0, 0.0], 8.0) };
        let last = [round("S001", [0.4, 0.0], 8.0), dark];
        let all = [of("a", 1.0, &first), of("b", 1.0, &none), of("c", 1.0, &last)];
        let tree = track(&all, &ceres(), &TrackOptions::default()).unwrap();
        assert_eq!(tree.tracks.len(), 2);
        assert_eq!(tree.tracks[0].members.len(), 2);
        assert!(track(&[all[0], all[0]], &ceres(), &TrackOptions::default()).is_err());
        assert!(track(&[], &ceres(), &TrackOptions::default()).unwrap().tracks.is_empty());
    }

    #[test]
    fn cerealia_is_cerealia_or_its_part_and_a_lone_spot_is_nothing() {
        let faculae: Vec<Listed> =
            features("ceres").iter().filter(|f| f.kind == "facula").map(Listed::of_feature).collect();
        let lone = Spot { id: "S002".into(), ..spot_at(100.0, -60.0) };
        let spots = [spot_at(239.65, 19.65), lone];
        let matches = cross_match(&spots, &faculae, &ceres(), 0.01);
        assert_eq!(matches[0].name, "Cerealia Facula");
        // Pasola Facula is a part of Cerealia 4 km from it: together they leave nothing to chance.
        let together: f64 = matches.iter().filter(|m| m.spot_id == spots[0].id).map(|m| m.probability).sum();
        assert!(matches[0].probability > 0.5 && together > 0.95, "{matches:?}");
        assert!(
            matches.iter().filter(|m| m.spot_id == spots[0].id).map(|m| m.probability).sum::<f64>()
                <= 1.0 + 1e-9
        );
        let lone = cross_match(&spots[1..], &faculae, &ceres(), 0.01);
        assert!(lone.is_empty(), "{lone:?}");
    }

    #[test]
    fn lists_are_read_by_their_column_names_and_bad_lines_named() {
        let text = "# my list\nLat_deg, name ,longitude\n19.6,Spot 5,239.6\n\n-10,other,5\n";
        let list = Listed::of_csv(text, 3.0).unwrap();
        assert_eq!((list.len(), list[0].name.as_str(), list[1].sigma_km), (2, "Spot 5", 3.0));
        assert!((list[0].place.longitude_deg() - 239.6).abs() < 1e-9);
        let error = Listed::of_csv("name,lon,lat\na,1,2\nb,x,3\n", 1.0).unwrap_err().to_string();
        assert!(error.contains("line 3: b,x,3"), "{error}");
        assert!(Listed::of_csv("name,lon\n", 1.0).unwrap_err().to_string().contains("no column lat"));
        assert!(Listed::of_csv("", 1.0).unwrap().is_empty());
    }
}
