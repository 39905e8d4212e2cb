// SPDX-License-Identifier: MIT OR Apache-2.0
//! What an archive holds: PDS3 index tables (`INDEX.LBL` + `INDEX.TAB`) to typed rows, kept as GeoParquet, searched by
//! target, phase, filter, time and geometry, written as a STAC item collection.
//!
//! # Source
//! PDS Standards Reference 3.8: chapter 12 (ODL), appendix A.20 (INDEX_TABLE), A.27 (SPREADSHEET), A.29 (TABLE).

mod footprint;
mod label;
mod product;
mod query;
mod stac;
mod store;
mod table;

pub use label::{Statement, list, statements};
pub use product::{Geometry, Product};
pub use query::IndexQuery;
pub use stac::item_collection;
pub use store::ProductIndex;
pub use table::{Column, TableLabel};
