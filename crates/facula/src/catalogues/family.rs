// SPDX-License-Identifier: MIT OR Apache-2.0
//! What became of each spot from the coarse catalogue to the fine ones: columns, and the tree as JSON.

use facula_spots::{ExtraColumn, FamilyTree, Relation, Spot, Tracked};
use serde_json::{Value, json};

/// Columns of a catalogue: the track of each spot, what it is a part of, what its parts are.
pub(super) fn columns(tree: &FamilyTree, catalogue: &str, spots: &[Spot]) -> [ExtraColumn; 3] {
    let of = |text: fn(&Tracked) -> Option<String>| {
        spots.iter().map(|spot| tree.of(catalogue, &spot.id).and_then(text)).collect()
    };
    [
        ExtraColumn::texts(
            "track",
            "the spot through all catalogues (family.json)",
            of(|t| Some(t.id.clone())),
        ),
        ExtraColumn::texts("parent", "the track it is a part of", of(|t| t.parent.clone())),
        ExtraColumn::texts(
            "children",
            "tracks of its parts at finer resolution",
            of(|t| Some(t.children.join(" ")).filter(|all| !all.is_empty())),
        ),
    ]
}

/// The tree as JSON.
pub(super) fn record(tree: &FamilyTree) -> Value {
    let sighting = |(catalogue, spot): &(String, String)| json!({ "catalogue": catalogue, "spot": spot });
    let one = |track: &Tracked| {
        json!({
            "track": track.id,
            "began": match track.relation { Relation::Part => "as a part", _ => "new" },
            "parent": track.parent,
            "children": track.children,
            "sightings": track.members.iter().map(sighting).collect::<Vec<_>>(),
        })
    };
    json!({ "tracks": tree.tracks.iter().map(one).collect::<Vec<_>>() })
}
