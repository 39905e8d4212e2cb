// SPDX-License-Identifier: MIT OR Apache-2.0
//! What frames there are: the built-in ones and those that kernels define.
//!
//! In: a name or a number. Out: class, number in the class, centre.
//!
//! # Source
//! NAIF, "Frames Required Reading", sections "Frame specification keywords" and the list of built-in frames.

use super::inertial;
use crate::kernels::Kernels;
use crate::names;
use crate::pool::Pool;

/// `number,name,centre,class,number in the class` by line; `#` begins a remark.
const FRAMES: &str = include_str!("../../data/frames.csv");

/// What a reference frame is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameInfo {
    /// Number of the frame.
    pub id: i32,
    /// Name, capitals.
    pub name: String,
    /// Kind of frame.
    pub class: FrameClass,
    /// Number inside the class: the body of a body-fixed frame, the structure of an attitude.
    pub class_id: i32,
    /// NAIF number of the body the frame is centred on; light time to it is taken for states in the frame.
    pub center: i32,
}

/// The classes of frames kernels define.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameClass {
    /// Class 1: does not turn.
    Inertial,
    /// Class 2: turns with a body (text or binary PCK).
    BodyFixed,
    /// Class 3: an attitude (CK).
    Attitude,
    /// Class 4: a fixed offset from another frame.
    FixedOffset,
    /// Class 5: defined by vectors or formulas.
    Dynamic,
    /// Class 6: one of several frames, by time.
    Switch,
    /// A class this version does not know.
    Unknown(i32),
}

impl From<i32> for FrameClass {
    fn from(class: i32) -> Self {
        match class {
            1 => Self::Inertial,
            2 => Self::BodyFixed,
            3 => Self::Attitude,
            4 => Self::FixedOffset,
            5 => Self::Dynamic,
            6 => Self::Switch,
            other => Self::Unknown(other),
        }
    }
}

impl Kernels {
    /// What a frame is, by name (case does not matter); `None` when neither the loaded kernels nor the built-in
    /// list know it.
    ///
    /// # Source
    /// SPICE `NAMFRM`, `FRINFO`.
    pub fn frame_info(&self, name: &str) -> Option<FrameInfo> {
        info(&self.pool, number(&self.pool, &name.trim().to_uppercase())?)
    }

    /// What a frame is, by its number; `None` when neither the loaded kernels nor the built-in list know it.
    pub fn frame_info_of(&self, frame: i32) -> Option<FrameInfo> {
        info(&self.pool, frame)
    }

    /// Names of the frames the loaded kernels define, sorted.
    pub fn frame_names(&self) -> Vec<String> {
        defined(&self.pool).map(String::from).collect()
    }
}

/// Names of the frames of a pool: variables `FRAME_name` whose value is a number with a name of its own.
pub(super) fn defined(pool: &Pool) -> impl Iterator<Item = &str> {
    pool.names("FRAME_").filter_map(|variable| {
        let name = variable.strip_prefix("FRAME_")?;
        let id = pool.integer(variable)?;
        let own = [format!("FRAME_{id}_NAME"), format!("FRAME_{name}_NAME")];
        own.iter()
            .any(|key| pool.text(key).is_some_and(|t| t.trim().eq_ignore_ascii_case(name)))
            .then_some(name)
    })
}

/// Number of a frame by its name in capitals.
pub(super) fn number(pool: &Pool, name: &str) -> Option<i32> {
    // The built-in names begin in one of these ways; the long list is not searched for others.
    let may_be_built_in = ["IAU_", "EARTH_FIXED", "ITRF93"].iter().any(|start| name.starts_with(start));
    let in_list = || built_in().find(|frame| frame.name == name).map(|frame| frame.id);
    inertial::number(name)
        .or_else(|| if may_be_built_in { in_list() } else { None })
        .or_else(|| pool.integer(&format!("FRAME_{name}")))
}

/// What frame number `id` is.
pub(super) fn info(pool: &Pool, id: i32) -> Option<FrameInfo> {
    if let Some(name) = inertial::name(id) {
        return Some(FrameInfo {
            id,
            name: name.into(),
            class: FrameClass::Inertial,
            class_id: id,
            center: 0,
        });
    }
    // Numbers of instruments are negative and never in the list.
    let known = if id > 0 { built_in().find(|frame| frame.id == id) } else { None };
    if let Some(known) = known {
        return Some(known.into());
    }
    let items = Items::new(pool, id)?;
    Some(FrameInfo {
        id,
        class: items.integer("CLASS")?.into(),
        class_id: items.integer("CLASS_ID").unwrap_or(id),
        center: items.body("CENTER").unwrap_or(0),
        name: items.name,
    })
}

struct BuiltIn {
    id: i32,
    name: &'static str,
    center: i32,
    class: i32,
    class_id: i32,
}

impl From<BuiltIn> for FrameInfo {
    fn from(known: BuiltIn) -> Self {
        let BuiltIn { id, name, center, class, class_id } = known;
        Self { id, name: name.into(), class: class.into(), class_id, center }
    }
}

fn built_in() -> impl Iterator<Item = BuiltIn> {
    FRAMES.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut parts = line.split(',');
        let mut next = || parts.next();
        let (id, name) = (next()?.parse().ok()?, next()?);
        let mut number = || next()?.parse().ok();
        Some(BuiltIn { id, name, center: number()?, class: number()?, class_id: number()? })
    })
}

/// The variables that define one frame: by its number (`FRAME_-203110_CLASS`) or by its name
/// (`FRAME_DAWN_FC1_CLASS`).
pub(super) struct Items<'a> {
    pool: &'a Pool,
    pub id: i32,
    pub name: String,
}

impl<'a> Items<'a> {
    /// `None` when no kernel names the frame.
    pub fn new(pool: &'a Pool, id: i32) -> Option<Self> {
        let by_id = pool.text(&format!("FRAME_{id}_NAME")).map(|name| name.trim().to_uppercase());
        let name = by_id.or_else(|| {
            let names = pool.names("FRAME_").filter(|n| pool.integer(n) == Some(id));
            names
                .filter_map(|n| n.strip_prefix("FRAME_"))
                .find(|n| pool.text(&format!("FRAME_{n}_NAME")).is_some())
                .map(String::from)
        })?;
        Some(Self { pool, id, name })
    }

    fn key(&self, item: &str) -> String {
        let by_id = format!("FRAME_{}_{item}", self.id);
        if self.pool.has(&by_id) { by_id } else { format!("FRAME_{}_{item}", self.name) }
    }

    pub fn integer(&self, item: &str) -> Option<i32> {
        self.pool.integer(&self.key(item))
    }

    pub fn number(&self, item: &str) -> Option<f64> {
        self.pool.number(&self.key(item))
    }

    pub fn numbers(&self, item: &str) -> Option<&'a [f64]> {
        self.pool.numbers(&self.key(item))
    }

    pub fn texts(&self, item: &str) -> Option<&'a [String]> {
        self.pool.texts(&self.key(item))
    }

    /// A keyword, trimmed and in capitals.
    pub fn word(&self, item: &str) -> Option<String> {
        self.pool.text(&self.key(item)).map(|text| text.trim().to_uppercase())
    }

    /// A body by number or by name.
    pub fn body(&self, item: &str) -> Option<i32> {
        let key = self.key(item);
        self.pool.integer(&key).or_else(|| names::code(self.pool, self.pool.text(&key)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_frames_are_those_of_spice() {
        // spiceypy 8.3.0: namfrm, frinfo.
        let kernels = Kernels::empty();
        for (name, id, class, class_id, center) in [
            ("ITRF93", 13000, FrameClass::BodyFixed, 3000, 399),
            ("iau_ceres", 10101, FrameClass::BodyFixed, 2000001, 2000001),
            ("EARTH_FIXED", 10081, FrameClass::FixedOffset, 10081, 399),
            ("marsiau", 16, FrameClass::Inertial, 16, 0),
        ] {
            let wanted = FrameInfo { id, name: name.to_uppercase(), class, class_id, center };
            assert_eq!(kernels.frame_info(name), Some(wanted.clone()));
            assert_eq!(kernels.frame_info_of(id), Some(wanted));
        }
        assert_eq!(built_in().count(), 124);
        assert_eq!(kernels.frame_info("IAU_NOWHERE"), None);
        assert_eq!(kernels.frame_info_of(10080), None);
    }

    #[test]
    fn frames_of_kernels_are_found_by_number_and_by_name() {
        let text = "\\begindata\nFRAME_A = -9\nFRAME_-9_NAME = 'A'\nFRAME_-9_CLASS = 3\nFRAME_-9_CENTER = 'DAWN'\n\
            FRAME_B = -8\nFRAME_B_NAME = 'B'\nFRAME_B_CLASS = 7\nFRAME_B_CLASS_ID = 1\nFRAME_B_CENTER = 10\n";
        let kernels = Kernels::from_bytes("a.tf", text.as_bytes()).expect("sound");
        assert_eq!(kernels.frame_names(), ["A", "B"]);
        let a = kernels.frame_info("a").expect("defined");
        assert_eq!((a.class, a.class_id, a.center), (FrameClass::Attitude, -9, -203));
        let b = kernels.frame_info_of(-8).expect("defined");
        assert_eq!((b.class, b.class_id, b.center), (FrameClass::Unknown(7), 1, 10));
    }
}
