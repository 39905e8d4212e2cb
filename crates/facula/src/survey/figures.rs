// SPDX-License-Identifier: MIT OR Apache-2.0
//! The stage that draws: annotated frames, limb residuals, maps, light curves, verdict, recovery, animation.

use facula_core::{Epoch, LonLat, PixelPos, Raster, Reporter, Vec3, Warning, capitalised, format_utc};
use facula_explain::SurveyVerdict;
use facula_geometry::{Shape, Shot, light_at};
use facula_map::GlobalMap;
use facula_publish::{
    AnimationFrame, AnimationMark, AnimationOptions, ColourMap, CurveAxis, CurvePoint, FrameFigure,
    LightCurvesFigure, LimbFigure, LimbPoint, LimbResidual, LimbUse, MapFigure, MapMarker, Marker,
    ModelPoint, Png, PublishError, RecoveryFigure, RecoveryPair, RecoveryPanel, SpotPanel, Stretch,
    VerdictFigure, VerdictRow, annotated_frame, light_curves_figure, limb_residual_figure, map_figure,
    recovery_figure, terminator_gif, verdict_figure,
};
use facula_spots::{Illumination, LightCurve, LightPoint, Spot};

use super::frames::{AlignedFrame, FrameTools};
use super::mapping::shots;
use super::recovery::{Match, Recovery};
use crate::SurveyError;
use crate::light_curves::light_words;

/// A figure, and what the report says under it.
pub(crate) struct Figure {
    /// Path in the run, e.g. `figures/map.png`.
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) caption: String,
    pub(crate) alt: String,
}

/// What figures are drawn from.
pub(crate) struct Drawn<'a> {
    pub(crate) title: &'a str,
    pub(crate) body: &'a facula_core::Body,
    pub(crate) map: &'a GlobalMap,
    pub(crate) grid: facula_core::MapGrid,
    pub(crate) spots: &'a [Spot],
    pub(crate) curves: &'a [LightCurve],
    pub(crate) verdict: &'a SurveyVerdict,
    pub(crate) model: facula_photometry::SurfaceModel,
    /// What the map's values are: `normal albedo`, `relative brightness`.
    pub(crate) quantity: &'static str,
    pub(crate) recovery: Option<&'a (Recovery, Vec<Match>)>,
}

/// Spots with a label on maps and frames.
const LABELLED: usize = 24;
/// Spots with a light curve in the figure.
const PANELS: usize = 6;
/// Spots with fewer points in the run shown have no panel.
const LEAST_PANEL_POINTS: usize = 4;
/// Frames drawn with annotations.
const FRAMES_DRAWN: usize = 3;
/// Frames of the animation at most.
const GIF_FRAMES: usize = 36;

/// The name of a spot for people: IAU name or identifier.
pub(crate) fn spot_label(spot: &Spot) -> String {
    spot.name.clone().unwrap_or_else(|| spot.id.clone())
}

/// Draws the figures that need no frames.
pub(crate) fn summary_figures(drawn: &Drawn<'_>) -> Result<Vec<Figure>, SurveyError> {
    let mut figures = vec![spot_map(drawn)?, coverage_map(drawn)?, scale_map(drawn)?];
    figures.retain(|figure| !figure.bytes.is_empty());
    if !drawn.curves.is_empty() {
        figures.extend(light_curves(drawn)?);
        figures.push(verdict(drawn)?);
    }
    if let Some((recovery, matches)) = drawn.recovery {
        figures.push(recovered(recovery, matches)?);
    }
    Ok(figures)
}

fn figure(
    name: &str,
    png: Result<Png, PublishError>,
    words: (String, String),
) -> Result<Figure, SurveyError> {
    let png = png.map_err(|e| SurveyError::stage("figures", format!("{name}: {e}")))?;
    Ok(Figure { name: format!("figures/{name}.png"), bytes: png.bytes, caption: words.0, alt: words.1 })
}

fn spot_map(drawn: &Drawn<'_>) -> Result<Figure, SurveyError> {
    let radius_km = drawn.body.ellipsoid().mean_radius_km();
    let markers = drawn.spots.iter().enumerate().map(|(k, spot)| MapMarker {
        place: spot.place,
        name: if k < LABELLED { spot_label(spot) } else { String::new() },
        diameter_km: spot.diameter_km,
        contrast: spot.contrast,
    });
    let caption = format!(
        "{} of {} with {} spots.",
        capitalised(drawn.quantity),
        capitalised(&drawn.body.name),
        drawn.spots.len()
    );
    let input = MapFigure {
        title: drawn.title.to_string(),
        subtitle: format!(
            "simple cylindrical, planetocentric latitude, east longitude; {} spots",
            drawn.spots.len()
        ),
        caption: caption.clone(),
        quantity: drawn.quantity.to_string(),
        markers: markers.collect(),
        ..MapFigure::new(&drawn.map.albedo, drawn.grid, radius_km)
    };
    let alt = format!("Map of {} in grey with rings around its bright spots", capitalised(&drawn.body.name));
    figure("map", map_figure(&input), (caption, alt))
}

fn coverage_map(drawn: &Drawn<'_>) -> Result<Figure, SurveyError> {
    let counts = drawn.map.coverage.map(|count| if count == 0 { f32::NAN } else { f32::from(count) });
    let covered = drawn.map.coverage.as_slice().iter().filter(|count| **count > 0).count();
    let fraction = covered as f64 / drawn.map.coverage.as_slice().len() as f64;
    let caption = format!("Frames per cell; {:.1} % of the map's cells are covered.", 100.0 * fraction);
    let input = MapFigure {
        title: "Coverage".into(),
        caption: caption.clone(),
        quantity: "frames per cell".into(),
        colours: ColourMap::BlueYellow,
        ..MapFigure::new(&counts, drawn.grid, drawn.body.ellipsoid().mean_radius_km())
    };
    figure("coverage", map_figure(&input), (caption, "Map of the number of frames per cell".into()))
}

fn scale_map(drawn: &Drawn<'_>) -> Result<Figure, SurveyError> {
    let caption = "Best pixel scale among the frames of each cell.".to_string();
    let input = MapFigure {
        title: "Best pixel scale".into(),
        caption: caption.clone(),
        quantity: "m/px".into(),
        colours: ColourMap::BlueYellow,
        ..MapFigure::new(&drawn.map.scale_m, drawn.grid, drawn.body.ellipsoid().mean_radius_km())
    };
    figure("scale", map_figure(&input), (caption, "Map of the best pixel scale".into()))
}

/// Gap between frames that ends a run, s: half a day.
const RUN_GAP_S: f64 = 43_200.0;

/// The run of frames in which the strongest spots are best followed through the terminator, first and last epoch: of
/// all runs without a gap of half a day the one with the most points at night, then by day.
fn best_run(drawn: &Drawn<'_>) -> Option<(Epoch, Epoch)> {
    let strongest: Vec<&str> = drawn.spots.iter().take(4 * PANELS).map(|spot| spot.id.as_str()).collect();
    let curves = drawn.curves.iter().filter(|curve| strongest.contains(&curve.spot_id.as_str()));
    let mut points: Vec<&LightPoint> = curves.flat_map(|curve| &curve.points).collect();
    points.sort_by_key(|p| p.epoch);
    let night = |run: &[&LightPoint]| run.iter().filter(|p| p.illumination == Illumination::Night).count();
    let runs = points.chunk_by(|a, b| (b.epoch - a.epoch).to_seconds() < RUN_GAP_S);
    let run = runs.max_by_key(|run| (night(run).min(run.len() - night(run)), run.len()))?;
    Some((run.first()?.epoch, run.last()?.epoch))
}

/// The figure of light curves; none where no spot was followed through several frames.
fn light_curves(drawn: &Drawn<'_>) -> Result<Option<Figure>, SurveyError> {
    let Some(run) = best_run(drawn) else { return Ok(None) };
    let panels: Vec<SpotPanel> =
        drawn.spots.iter().filter_map(|spot| panel(drawn, spot, run)).take(PANELS).collect();
    if panels.is_empty() {
        return Ok(None);
    }
    let utc = format_utc(run.0);
    let caption =
        "I/F of the strongest spots through one rotation; lines: best fits of a reflecting and of a \
                   self-luminous spot; shaded: night."
            .to_string();
    let input = LightCurvesFigure {
        title: "Light curves through the terminator".into(),
        subtitle: drawn.title.to_string(),
        caption: caption.clone(),
        axis: CurveAxis::HoursAfter { utc },
        spots: panels,
    };
    let alt =
        "Brightness of the strongest spots against time: it follows the Sun and is zero at night".to_string();
    figure("light_curves", light_curves_figure(&input), (caption, alt)).map(Some)
}

fn panel(drawn: &Drawn<'_>, spot: &Spot, (start, end): (Epoch, Epoch)) -> Option<SpotPanel> {
    let curve = drawn.curves.iter().find(|curve| curve.spot_id == spot.id)?;
    let run: Vec<&LightPoint> = curve.points.iter().filter(|p| p.epoch >= start && p.epoch <= end).collect();
    if run.len() < LEAST_PANEL_POINTS {
        return None;
    }
    let hours = |p: &LightPoint| (p.epoch - start).to_seconds() / 3600.0;
    let verdict = drawn.verdict.spots.iter().find(|v| v.spot_id == spot.id);
    let fitted = |value: &dyn Fn(&LightPoint) -> f64| -> Vec<ModelPoint> {
        run.iter().map(|p| ModelPoint { abscissa: hours(p), iof: value(p) }).collect()
    };
    let (reflecting, self_luminous) = match verdict {
        Some(v) => (
            fitted(&|p| v.albedo_reflecting * drawn.model.iof_per_albedo(p.angles())),
            fitted(&|_| v.iof_self_luminous),
        ),
        None => (Vec::new(), Vec::new()),
    };
    let night = |p: &LightPoint| p.illumination == Illumination::Night;
    let half_step = if run.len() > 1 { 0.5 * (hours(run[1]) - hours(run[0])) } else { 0.1 };
    let nights = run.chunk_by(|a, b| night(a) == night(b)).filter(|chunk| night(chunk[0]));
    Some(SpotPanel {
        name: spot_label(spot),
        place: spot.place,
        ln_bayes: verdict.map(|v| v.ln_bayes),
        points: run
            .iter()
            .map(|p| CurvePoint { abscissa: hours(p), iof: p.iof, sigma: p.iof_sigma })
            .collect(),
        reflecting,
        self_luminous,
        night: nights.map(|c| (hours(c[0]) - half_step, hours(c[c.len() - 1]) + half_step)).collect(),
    })
}

fn verdict(drawn: &Drawn<'_>) -> Result<Figure, SurveyError> {
    let label = |id: &str| drawn.spots.iter().find(|s| s.id == id).map_or(id.to_string(), spot_label);
    let rows = drawn.verdict.spots.iter().take(20);
    let input = VerdictFigure {
        title: "Reflecting or self-luminous?".into(),
        subtitle: drawn.title.to_string(),
        caption: drawn.verdict.statement.clone(),
        rows: rows.map(|v| VerdictRow { label: label(&v.spot_id), ln_bayes: v.ln_bayes }).collect(),
        decisive_ln_bayes: 5.0,
    };
    let words =
        (drawn.verdict.statement.clone(), "Bars of the logarithm of the Bayes factor of each spot".into());
    figure("verdict", verdict_figure(&input), words)
}

fn recovered(recovery: &Recovery, matches: &[Match]) -> Result<Figure, SurveyError> {
    let panel = |title: &str, unit: &str, pair: &dyn Fn(&Match) -> (f64, f64)| RecoveryPanel {
        title: title.into(),
        unit: unit.into(),
        pairs: matches
            .iter()
            .map(pair)
            .map(|(truth, measured)| RecoveryPair { truth, measured, sigma: 0.0 })
            .collect(),
    };
    let caption = format!(
        "{} of {} true spots found, {} of {} reports false; positions {:.2} px rms.",
        recovery.spots_found,
        recovery.spots_to_find,
        recovery.false_reports,
        recovery.reports,
        recovery.position_rms_px
    );
    let input = RecoveryFigure {
        title: "What the survey recovered of the truth".into(),
        subtitle: "contrast of the peak is lowered by the blur of the map; the integrated excess is not"
            .into(),
        caption: caption.clone(),
        panels: vec![
            panel("Mean albedo of the spot", "", &|m| (m.true_mean_albedo, m.measured_mean_albedo)),
            panel("Integrated excess", "km²", &|m| (m.true_excess_km2, m.measured_excess_km2)),
            panel("Contrast of the peak", "", &|m| (m.true_contrast, m.measured_contrast)),
        ],
        position_errors_px: matches.iter().map(|m| m.distance_px).collect(),
    };
    figure(
        "recovery",
        recovery_figure(&input),
        (caption, "Measured against true brightness of the spots".into()),
    )
}

/// Draws frames with their limb, graticule and spots: of each mission phase the one that shows the strongest spot
/// best.
pub(crate) fn frame_figures(
    tools: &FrameTools<'_>,
    frames: &[AlignedFrame],
    drawn: &Drawn<'_>,
) -> Result<Vec<Figure>, SurveyError> {
    let mut figures = Vec::new();
    for frame in chosen(frames, drawn.spots) {
        let Ok(shot) = tools.shot(frame) else { continue };
        figures.push(annotated(&shot, tools.shape, frame, drawn)?);
        if !frame.record.limb.is_empty() {
            figures.push(residuals(frame)?);
        }
    }
    Ok(figures)
}

fn chosen<'a>(frames: &'a [AlignedFrame], spots: &[Spot]) -> Vec<&'a AlignedFrame> {
    let quality = |frame: &AlignedFrame| {
        let spot = spots.first().map_or(Vec3::new(0.0, 0.0, 1.0), |spot| spot.place.direction());
        let toward = |v: Vec3<facula_core::BodyFixed>| v.unit().map_or(0.0, |u| u.dot(spot));
        toward(frame.pose.spacecraft_km).min(toward(frame.pose.sun_km))
    };
    let mut phases: Vec<&str> = frames.iter().map(|frame| frame.phase.as_str()).collect();
    phases.dedup();
    phases.sort_unstable();
    phases.dedup();
    let best = |phase: &str| {
        frames.iter().filter(|f| f.phase == phase).max_by(|a, b| quality(a).total_cmp(&quality(b)))
    };
    phases.into_iter().filter_map(best).take(FRAMES_DRAWN).collect()
}

fn annotated(
    shot: &Shot,
    shape: &Shape,
    frame: &AlignedFrame,
    drawn: &Drawn<'_>,
) -> Result<Figure, SurveyError> {
    let range_km = shot.pose.range_km();
    let below_km =
        range_km - shot.pose.spacecraft_km.unit().map_or(0.0, |u| drawn.body.ellipsoid().radius_km(u));
    let scale_m = below_km * shot.camera.ifov_rad() * 1000.0;
    let phase_rad = shot.pose.sun_km.angle_rad(shot.pose.spacecraft_km);
    let limb_points = frame.record.limb.iter().map(|p| LimbPoint {
        at: PixelPos::new(p.x_px, p.y_px),
        residual_px: p.residual_px,
        use_in_fit: used(p.used),
    });
    let residual = match frame.record.rms_px {
        Some(rms) => {
            format!(" Pointing refined with {} points, residual {rms:.2} px rms.", frame.record.used)
        }
        None => String::new(),
    };
    let caption = format!("Frame {} with coordinates and the spots found.{residual}", frame.record.frame_id);
    let input = FrameFigure {
        title: format!("{} from {below_km:.0} km", capitalised(&drawn.body.name)),
        subtitle: format!(
            "{} UTC · altitude {below_km:.0} km · phase {:.1}° · {scale_m:.0} m/px",
            format_utc(shot.pose.mid_exposure),
            phase_rad.to_degrees()
        ),
        caption: caption.clone(),
        scale_m_px: scale_m,
        limb_model: limb_lines(frame),
        limb_points: limb_points.collect(),
        graticule: graticule(shot, shape),
        markers: markers(shot, shape, drawn.spots),
        ..FrameFigure::new(&shot.frame.iof)
    };
    let alt = format!("Frame of {} with limb, graticule and labelled spots", capitalised(&drawn.body.name));
    figure(&format!("frame_{}", frame.record.frame_id), annotated_frame(&input), (caption, alt))
}

fn used(used: bool) -> LimbUse {
    if used { LimbUse::Used } else { LimbUse::Rejected }
}

/// The fitted limb as lines, broken where the points are far apart.
fn limb_lines(frame: &AlignedFrame) -> Vec<Vec<PixelPos>> {
    let at: Vec<PixelPos> =
        frame.record.limb.iter().map(|p| PixelPos::new(p.predicted_x_px, p.predicted_y_px)).collect();
    at.chunk_by(|a, b| (a.x_px - b.x_px).hypot(a.y_px - b.y_px) < 12.0).map(<[PixelPos]>::to_vec).collect()
}

fn residuals(frame: &AlignedFrame) -> Result<Figure, SurveyError> {
    let points = &frame.record.limb;
    let mean = |value: fn(&facula_align::LimbPoint) -> f64| {
        points.iter().map(value).sum::<f64>() / points.len() as f64
    };
    let (cx, cy) = (mean(|p| p.predicted_x_px), mean(|p| p.predicted_y_px));
    let residual = |p: &facula_align::LimbPoint| LimbResidual {
        position_angle_deg: (p.x_px - cx).atan2(cy - p.y_px).to_degrees().rem_euclid(360.0),
        residual_px: p.residual_px,
        use_in_fit: used(p.used),
    };
    let caption = format!("Limb of frame {} after the fit.", frame.record.frame_id);
    let input = LimbFigure {
        title: "Limb residuals".into(),
        subtitle: format!("frame {}", frame.record.frame_id),
        caption: caption.clone(),
        points: points.iter().map(residual).collect(),
    };
    let alt = "Distance of the observed limb from the fitted one against position angle".to_string();
    figure(&format!("limb_{}", frame.record.frame_id), limb_residual_figure(&input), (caption, alt))
}

/// Where a place appears in a shot if it faces the camera (and is not hidden by the limb).
fn seen_at(shot: &Shot, shape: &Shape, place: LonLat) -> Option<PixelPos> {
    let point = shape.surface(place.direction())?;
    // Against the direction from the centre: a crater wall facing away does not hide its place.
    let upright = facula_geometry::SurfacePoint { normal: place.direction(), ..point };
    (light_at(&shot.pose, &upright).cos_emission > 0.09).then(|| shot.pixel_of(point.point_km)).flatten()
}

/// Where a place appears in a shot if it is lit and not close to the limb.
fn lit_at(shot: &Shot, shape: &Shape, place: LonLat) -> Option<PixelPos> {
    let light = light_at(&shot.pose, &shape.surface(place.direction())?);
    (light.cos_incidence > 0.05 && light.cos_emission > 0.2).then(|| seen_at(shot, shape, place)).flatten()
}

fn markers(shot: &Shot, shape: &Shape, spots: &[Spot]) -> Vec<Marker> {
    let inside = |spot: &Spot| lit_at(shot, shape, spot.place).filter(|at| shot.camera.contains(*at));
    let found = spots.iter().filter_map(|spot| Some(Marker { at: inside(spot)?, label: spot_label(spot) }));
    found.take(LABELLED).collect()
}

/// Meridians and parallels, 30 degrees apart for a whole disc, closer for a close view.
pub(crate) fn graticule(shot: &Shot, shape: &Shape) -> Vec<Vec<PixelPos>> {
    let field_rad = shot.camera.ifov_rad() * shot.camera.width_px as f64 * shot.pose.range_km()
        / shape.bounding_radius_km();
    let step_deg = [30.0, 15.0, 10.0, 5.0, 2.0, 1.0]
        .into_iter()
        .find(|step: &f64| step.to_radians() < 0.35 * field_rad)
        .unwrap_or(1.0);
    let meridians = (0..(360.0 / step_deg) as usize).map(|k| {
        let longitude = k as f64 * step_deg;
        line(shot, shape, (0..=340).map(|i| LonLat::from_degrees(longitude, f64::from(i) * 0.5 - 85.0)))
    });
    let parallels = (1..(180.0 / step_deg) as usize).map(|k| {
        let latitude = k as f64 * step_deg - 90.0;
        line(shot, shape, (0..=720).map(|i| LonLat::from_degrees(f64::from(i) * 0.5, latitude)))
    });
    meridians.chain(parallels).flatten().collect()
}

/// The visible pieces of a line on the ground.
fn line(shot: &Shot, shape: &Shape, places: impl Iterator<Item = LonLat>) -> Vec<Vec<PixelPos>> {
    let points: Vec<Option<PixelPos>> = places.map(|place| seen_at(shot, shape, place)).collect();
    let pieces =
        points.split(Option::is_none).map(|piece| piece.iter().flatten().copied().collect::<Vec<_>>());
    pieces.filter(|piece: &Vec<PixelPos>| piece.len() > 1).collect()
}

/// The animation of the strongest spots crossing the terminator: the frames of the rotation that shows it best.
pub(crate) fn animation(
    tools: &FrameTools<'_>,
    frames: &[AlignedFrame],
    drawn: &Drawn<'_>,
    report: &dyn Reporter,
) -> Result<Option<Vec<u8>>, SurveyError> {
    let run = best_rotation(frames, drawn);
    if run.len() < 3 {
        return Ok(None);
    }
    let pictures: Vec<AnimationFrame> =
        shots(tools, run, report).iter().map(|shot| picture(shot, tools.shape, drawn)).collect();
    let options =
        AnimationOptions { width_px: 512, delay_ms: 160, stretch: Stretch::default(), max_bytes: 6_000_000 };
    match terminator_gif(&pictures, &options) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) => {
            report.warn(Warning {
                stage: "animation".into(),
                subject: "animation.gif".into(),
                message: error.to_string(),
                hint: "the other products are not affected".into(),
            });
            Ok(None)
        }
    }
}

/// The run of frames without a gap of half a day whose view of the strongest spot goes from night to day.
fn best_rotation<'a>(frames: &'a [AlignedFrame], drawn: &Drawn<'_>) -> &'a [AlignedFrame] {
    let gap = |a: &AlignedFrame, b: &AlignedFrame| {
        (b.pose.mid_exposure - a.pose.mid_exposure).to_seconds() < 43_200.0
    };
    let nights = |run: &[AlignedFrame]| {
        let Some(curve) = drawn.spots.first().and_then(|s| drawn.curves.iter().find(|c| c.spot_id == s.id))
        else {
            return 0;
        };
        let of_run = |id: &str| run.iter().any(|frame| frame.record.frame_id == id);
        let night = |p: &&LightPoint| p.illumination == Illumination::Night && of_run(&p.frame_id);
        curve.points.iter().filter(night).count()
    };
    let run = frames.chunk_by(gap).max_by_key(|run| (nights(run), run.len())).unwrap_or(frames);
    &run[..run.len().min(GIF_FRAMES)]
}

/// The disc, cut out of the frame, with the three strongest spots that are lit.
fn picture(shot: &Shot, shape: &Shape, drawn: &Drawn<'_>) -> AnimationFrame {
    let centre = shot.pixel_of(Vec3::new(0.0, 0.0, 0.0)).unwrap_or(PixelPos::new(0.0, 0.0));
    let radius_px = shape.bounding_radius_km() / shot.pose.range_km() / shot.camera.ifov_rad();
    let side = ((2.2 * radius_px) as usize).clamp(64, shot.camera.width_px);
    let corner = |middle: f64, size: usize| {
        (middle - 0.5 * side as f64).round().clamp(0.0, (size - side.min(size)) as f64)
    };
    let (x0, y0) = (corner(centre.x_px, shot.camera.width_px), corner(centre.y_px, shot.camera.height_px));
    let mut image = Raster::filled(side, side, 0.0f32);
    for line in 0..side {
        for sample in 0..side {
            let value = shot.frame.iof.get(x0 as usize + sample, y0 as usize + line).unwrap_or(f32::NAN);
            image.set(sample, line, value);
        }
    }
    let marks = drawn.spots.iter().take(3).filter_map(|spot| {
        let at = lit_at(shot, shape, spot.place)?;
        Some(AnimationMark::named(PixelPos::new(at.x_px - x0, at.y_px - y0), spot_label(spot)))
    });
    AnimationFrame { image, caption: moment(shot, drawn), marks: marks.collect() }
}

/// Time, distance, Sun, and the light on the strongest spot where it was measured.
fn moment(shot: &Shot, drawn: &Drawn<'_>) -> String {
    let mut text = format!(
        "{} UTC · {:.0} km · Sun over {:.0}° E",
        format_utc(shot.pose.mid_exposure)[..16].replace('T', " "),
        shot.pose.range_km(),
        shot.pose.sub_solar().longitude_deg()
    );
    let measured = drawn.spots.first().and_then(|spot| {
        let curve = drawn.curves.iter().find(|curve| curve.spot_id == spot.id)?;
        let point = curve.points.iter().find(|point| point.frame_id == shot.frame.meta.id)?;
        Some(format!(" · {}: {}", spot_label(spot), light_words(point)))
    });
    text.extend(measured);
    text
}
