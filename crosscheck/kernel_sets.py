# SPDX-License-Identifier: MIT OR Apache-2.0
"""The sets of kernels of check_kernels.py, and the questions drawn for each."""

import ctypes
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import spiceypy as sp
import spiceypy.utils.libspicehelper

CORRECTIONS = ["NONE", "LT", "LT+S", "CN", "CN+S", "XLT", "XLT+S", "XCN", "XCN+S"]
INERTIAL = ["J2000", "B1950", "FK4", "DE-118", "DE-96", "DE-102", "DE-108", "DE-111", "DE-114", "DE-122", "DE-125",
            "DE-130", "GALACTIC", "DE-200", "DE-202", "MARSIAU", "ECLIPJ2000", "ECLIPB1950", "DE-140", "DE-142",
            "DE-143"]
# Questions of the small kinds, of each set at most.
FEW = 400

DAWN_CERES = ["naif0012.tls", "pck00009.tpc", "dawn_ceres_v05.tpc", "dawn_ceres_v00.tf", "dawn_v15.tf",
              "dawn_fc_v10.ti", "dawnfcAddendum002.ti", "DAWN_203_SCLKSCET.00091.tsc",
              "dawn_fc_v3_0_sliced_-203120.xc", "dawn_sc_150615_150621_0_sliced_-203000.xc",
              "FC21A0038582_15170161546F6F_0.xsp", "FC21A0038582_15170161546F6F_1.xsp"]
DAWN_VESTA = ["naif0012.tls", "pck00009.tpc", "dawn_vesta_v06.tpc", "dawn_vesta_v00.tf", "dawn_v15.tf",
              "dawn_vir_v05.ti", "dawnvirAddendum001.ti", "DAWN_203_SCLKSCET.00091.tsc",
              "dawn_fc_v3_0_sliced_-203120.xc", "dawn_sc_110627_110703_0_sliced_-203000.xc",
              "dawn_vir_zero_0_sliced_-203201.xc", "VIR_IR_1A_1_362681634_1_isis3_0.xsp"]
CASSINI = ["naif0012.tls", "cpck05Mar2004.tpc", "cas_v40.tf", "cas_iss_v10.ti", "cas00167.tsc", "gm_de431.tpc",
           "13056_13057ra.bc", "130220AP_SE_13043_13073.bsp", "130212AP_SK_13043_13058.bsp"]
EARTH = ["naif0012.tls", "pck00010.tpc", "earth_topo_050714.tf", "de405s_littleendian.bsp",
         "earthstns_itrf93_050714.bsp", "earth_031228_231229_predict.bpc"]
MARS = ["naif0012.tls", "pck00010.tpc", "mro_v15.tf", "mar022-1.bsp"]

TIMES = ["2015-04-15T07:42:43.25", "2015-105T07:42:43.25", "2015 APR 15 07:42:43.25", "15-APR-2015 07:42",
         "Apr 15, 2015 07:42:43.25", "2015-04-15 07:42:43.250 UTC", "2015 APR 15 07:42:43.25 TDB",
         "2015 APR 15 07:42:43.25 TDT", "JD 2457127.5", "JD 2457127.75 TDB", "2457127.75 JDTDB",
         "2016-12-31T23:59:60.5", "1985-01-01", "2011-198T03:39:47.5"]
# Dynamic frames of every family, made up; FRAME_k = k.
DYNAMIC = {
    "MEQ": "FAMILY = 'MEAN_EQUATOR_AND_EQUINOX_OF_DATE' PREC_MODEL = 'EARTH_IAU_1976' ROTATION_STATE = 'ROTATING'",
    "TEQ": "FAMILY = 'TRUE_EQUATOR_AND_EQUINOX_OF_DATE' PREC_MODEL = 'EARTH_IAU_1976' NUT_MODEL = 'EARTH_IAU_1980' "
           "ROTATION_STATE = 'ROTATING'",
    "MEC": "FAMILY = 'MEAN_ECLIPTIC_AND_EQUINOX_OF_DATE' PREC_MODEL = 'EARTH_IAU_1976' "
           "OBLIQ_MODEL = 'EARTH_IAU_1980' ROTATION_STATE = 'INERTIAL'",
    "TEQ_FROZEN": "FAMILY = 'TRUE_EQUATOR_AND_EQUINOX_OF_DATE' PREC_MODEL = 'EARTH_IAU_1976' "
                  "NUT_MODEL = 'EARTH_IAU_1980' FREEZE_EPOCH = @1996-JAN-12/12:34:56",
    "GSE": "FAMILY = 'TWO-VECTOR' PRI_AXIS = 'X' PRI_VECTOR_DEF = 'OBSERVER_TARGET_POSITION' PRI_OBSERVER = 'EARTH' "
           "PRI_TARGET = 'SUN' PRI_ABCORR = 'NONE' SEC_AXIS = 'Y' SEC_VECTOR_DEF = 'OBSERVER_TARGET_VELOCITY' "
           "SEC_OBSERVER = 'EARTH' SEC_TARGET = 'SUN' SEC_ABCORR = 'NONE' SEC_FRAME = 'J2000'",
    "GSE_LTS": "FAMILY = 'TWO-VECTOR' PRI_AXIS = '-Z' PRI_VECTOR_DEF = 'OBSERVER_TARGET_POSITION' "
               "PRI_OBSERVER = 399 PRI_TARGET = 10 PRI_ABCORR = 'LT+S' SEC_AXIS = 'X' "
               "SEC_VECTOR_DEF = 'OBSERVER_TARGET_VELOCITY' SEC_OBSERVER = 399 SEC_TARGET = 301 SEC_ABCORR = 'CN' "
               "SEC_FRAME = 'IAU_EARTH'",
    "GSM": "FAMILY = 'TWO-VECTOR' PRI_AXIS = 'X' PRI_VECTOR_DEF = 'OBSERVER_TARGET_POSITION' PRI_OBSERVER = 'EARTH' "
           "PRI_TARGET = 'SUN' PRI_ABCORR = 'NONE' SEC_AXIS = 'Z' SEC_VECTOR_DEF = 'CONSTANT' SEC_ABCORR = 'NONE' "
           "SEC_FRAME = 'IAU_EARTH' SEC_SPEC = 'LATITUDINAL' SEC_UNITS = 'DEGREES' SEC_LONGITUDE = 288.43 "
           "SEC_LATITUDE = 79.54",
    "NEAR": "FAMILY = 'TWO-VECTOR' PRI_AXIS = 'Z' PRI_VECTOR_DEF = 'TARGET_NEAR_POINT' PRI_OBSERVER = 'MOON' "
            "PRI_TARGET = 'EARTH' PRI_ABCORR = 'LT' SEC_AXIS = '-Y' SEC_VECTOR_DEF = 'CONSTANT' "
            "SEC_ABCORR = 'XCN' SEC_OBSERVER = 'MOON' SEC_FRAME = 'IAU_MARS' SEC_SPEC = 'RECTANGULAR' "
            "SEC_VECTOR = ( 0.1, -0.2, 0.9 )",
    "CONSTANTS": "FAMILY = 'TWO-VECTOR' PRI_AXIS = 'Y' PRI_VECTOR_DEF = 'CONSTANT' PRI_ABCORR = 'S' "
                 "PRI_OBSERVER = 'EARTH' PRI_FRAME = 'B1950' PRI_SPEC = 'RA/DEC' PRI_UNITS = 'ARCSECONDS' "
                 "PRI_RA = 360000 PRI_DEC = -72000 SEC_AXIS = 'Z' SEC_VECTOR_DEF = 'CONSTANT' "
                 "SEC_FRAME = 'ECLIPJ2000' SEC_SPEC = 'RECTANGULAR' SEC_VECTOR = ( 0, 0, 1 )",
    "ON_GSE": "FAMILY = 'EULER' RELATIVE = 'GSE' EPOCH = @2000-JAN-1/12:00 AXES = ( 3 2 1 ) UNITS = 'DEGREES' "
              "ANGLE_1_COEFFS = ( 1 1E-7 ) ANGLE_2_COEFFS = ( -20 2E-6 1E-15 ) ANGLE_3_COEFFS = ( 30 )",
    "FROZEN_EULER": "FAMILY = 'EULER' RELATIVE = 'IAU_MARS' EPOCH = 0 AXES = ( 1 2 1 ) UNITS = 'RADIANS' "
                    "ANGLE_1_COEFFS = ( 1 1E-7 ) ANGLE_2_COEFFS = ( 2 2E-6 ) ANGLE_3_COEFFS = ( 3 ) "
                    "FREEZE_EPOCH = @2001-JAN-1",
    "INERTIAL_EULER": "FAMILY = 'EULER' RELATIVE = 'IAU_MARS' EPOCH = 0 AXES = ( 1 2 1 ) UNITS = 'RADIANS' "
                      "ANGLE_1_COEFFS = ( 1 1E-7 ) ANGLE_2_COEFFS = ( 2 2E-6 ) ANGLE_3_COEFFS = ( 3 ) "
                      "ROTATION_STATE = 'INERTIAL'",
}


def dynamic_text():
    """A frame kernel with the frames of DYNAMIC and a switch frame."""
    lines = ["KPL/FK", "\\begindata"]
    for i, (name, items) in enumerate(DYNAMIC.items()):
        code = 1_400_001 + i
        head = f"CLASS = 5 CLASS_ID = {code} CENTER = 399 DEF_STYLE = 'PARAMETERIZED' NAME = '{name}' "
        if "RELATIVE" not in items:
            head += "RELATIVE = 'J2000' "
        lines.append(f"FRAME_{name} = {code}")
        for keyword, value in re.findall(r"(\w+) = (\([^)]*\)|'[^']*'|\S+)", head + items):
            lines.append(f"FRAME_{code}_{keyword} = {value}")
    lines += ["FRAME_SWITCHED = 1400900", "FRAME_1400900_NAME = 'SWITCHED'", "FRAME_1400900_CLASS = 6",
              "FRAME_1400900_CLASS_ID = 1400900", "FRAME_1400900_CENTER = 399",
              "FRAME_1400900_ALIGNED_WITH = ( 'GSE' 'B1950' 'IAU_MARS' )",
              "FRAME_1400900_START = ( @1999-JAN-1 @2000-JAN-1 @2000-JUN-1 )",
              "FRAME_1400900_STOP = ( @2004-JAN-1 @2000-DEC-1 @2001-JAN-1 )", "\\begintext", ""]
    return "\n".join(lines)


def data_folder(repository):
    for folder in (os.environ.get("FACULA_DATA"), repository / "../shared/data"):
        if folder and (Path(folder) / "README.md").is_file():
            return Path(folder)
    return None


def window_list(cell):
    return [sp.wnfetd(cell, i) for i in range(sp.wncard(cell))]


@dataclass
class KernelSet:
    """Kernels loaded together and what is asked of them."""

    name: str
    files: list
    spice_files: list
    frames: list = field(default_factory=list)
    rotations_in: tuple = ()

    def questions(self, chance, draws):
        """Questions of every kind the kernels can answer; CSPICE has them loaded."""
        states, frames = self.bodies(), self.frames + self.defined_frames()
        found = []
        if states:
            found += [self.state(chance, states) for _ in range(draws)]
        spans = [span for spans in states.values() for span in spans] + list(self.attitude_spans())
        spans = self.rotations_in or spans
        if spans:
            for i in range(draws):
                start, stop = chance.choice(spans)
                other = "J2000" if chance.random() < 0.6 else chance.choice(frames)
                pair = [chance.choice(frames), other]
                chance.shuffle(pair)
                found.append({"kind": ["rotation", "rate"][i % 2], "from": pair[0], "to": pair[1],
                              "et": chance.uniform(start, stop)})
        return found + self.clocks(chance) + self.constants() + self.names() + self.whole_files()

    def whole_files(self):
        """Coverage and shapes: no draws, every number there is."""
        names = [str(path) for path in self.spice_files]
        ids = {"body": set(), "structure": set(), "orientation": set(), "shape": set()}
        for name in names:
            if name.endswith(".bsp"):
                ids["body"] |= set(sp.spkobj(name))
            elif name.endswith(".bc"):
                ids["structure"] |= set(sp.ckobj(name))
            elif name.endswith(".bpc"):
                cell = sp.cell_int(100)
                sp.pckfrm(name, cell)
                ids["orientation"] |= set(cell)
            elif name.endswith(".bds"):
                ids["shape"] |= set(sp.dskobj(name))
        found = []
        for of in ("body", "structure", "orientation"):
            found += [{"kind": "coverage", "of": of, "id": int(i), "files": names} for i in sorted(ids[of])]
        found += [{"kind": "coverage", "of": "intervals", "id": int(i), "files": names}
                  for i in sorted(ids["structure"])]
        shapes = [name for name in names if name.endswith(".bds")]
        found += [{"kind": "time", "text": text} for text in TIMES] if pool_names("DELTET/DELTA_AT") else []
        return found + [{"kind": "shape", "body": int(i), "files": shapes} for i in sorted(ids["shape"])]

    def bodies(self):
        covered = {}
        for path in self.spice_files:
            if path.suffix == ".bsp":
                for body in sp.spkobj(str(path)):
                    covered.setdefault(body, []).extend(window_list(sp.spkcov(str(path), body)))
        return covered

    def state(self, chance, covered):
        bodies = sorted(covered)
        target, observer = chance.choice(bodies), chance.choice([*bodies, 0])
        start, stop = chance.choice(covered[target])
        margin = min(0.25 * (stop - start), 20_000.0)
        frame = chance.choice(["J2000", "J2000", *INERTIAL, *self.frames])
        return {"kind": "state", "target": target, "observer": observer, "frame": frame,
                "correction": chance.choice(CORRECTIONS), "et": chance.uniform(start + margin, stop - margin)}

    def attitude_spans(self):
        for path in self.spice_files:
            if path.suffix == ".bc":
                for structure in sp.ckobj(str(path)):
                    yield from window_list(sp.ckcov(str(path), structure, False, "INTERVAL", 0.0, "TDB"))

    def defined_frames(self):
        names = []
        for variable in pool_names("FRAME_*_NAME"):
            names.append(sp.gcpool(variable, 0, 1)[0].strip())
        return sorted(set(names)) or ["J2000"]

    def clocks(self, chance):
        found = []
        for variable in pool_names("SCLK_DATA_TYPE_*"):
            clock = -int(variable.rsplit("_", 1)[1])
            starts, stops = sp.scpart(clock)
            before = 0.0
            for start, stop in zip(starts, stops, strict=True):
                for _ in range(FEW // len(starts)):
                    ticks = before + float(chance.randrange(int(min(stop - start, 1e12))))
                    found.append({"kind": "et_of_clock", "clock": clock, "text": sp.scdecd(clock, ticks)})
                    found.append({"kind": "ticks", "clock": clock, "text": found[-1]["text"]})
                    found.append({"kind": "clock_at", "clock": clock, "et": sp.sct2e(clock, ticks)})
                before += stop - start
        return found

    def constants(self):
        return [{"kind": "constant", "name": name} for name in pool_names("*")]

    def names(self):
        found = []
        for variable in pool_names("NAIF_BODY_NAME"):
            count = sp.dtpool(variable)[0]
            for name in sp.gcpool(variable, 0, count):
                found.append({"kind": "body", "name": name.lower(), "code": sp.bods2c(name)})
        return found


def pool_names(template):
    try:
        return list(sp.gnpool(template, 0, 20_000))
    except sp.exceptions.SpiceyError:
        return []


def all_sets(data, scratch):
    """Every set; files made here go to `scratch`."""
    mixed, ceres, vesta = data / "kernels-mixed", data / "dawn-ceres-survey", data / "dawn-vesta-vir"
    dynamic = scratch / "dynamic.tf"
    dynamic.write_text(dynamic_text())
    years = [(-1.5e9, 1.5e9)]

    def kernel_set(name, files, *more):
        return KernelSet(name, files, for_spice(files, scratch), *more)

    return [
        kernel_set("dawn ceres", [ceres / f for f in DAWN_CERES], ["CERES_FIXED", "IAU_CERES"]),
        kernel_set("dawn vesta", [vesta / f for f in DAWN_VESTA], ["VESTA_FIXED", "IAU_VESTA"]),
        kernel_set("cassini", [mixed / f for f in CASSINI], ["IAU_SATURN", "IAU_TITAN", "CASSINI_ISS_NAC"]),
        kernel_set("earth", [mixed / f for f in EARTH], ["ITRF93", "IAU_EARTH", "DSS-14_TOPO", "IAU_MOON"]),
        kernel_set("mars satellites", [mixed / f for f in MARS], ["IAU_MARS", "IAU_PHOBOS", "MRO_MME_OF_DATE"]),
        kernel_set("de405 big", [mixed / f for f in ("de405s_bigendian.bsp", "pck00010.tpc")],
                   ["IAU_JUPITER", *INERTIAL]),
        kernel_set("dynamic", [*(mixed / f for f in EARTH[:4]), dynamic], [*DYNAMIC, "SWITCHED"]),
        kernel_set("any time", [mixed / f for f in ("pck00010.tpc", "mro_v15.tf", "gm_de431.tpc")],
                   [*INERTIAL, "IAU_MARS", "IAU_IO", "IAU_TRITON", "IAU_PLUTO"], years),
        kernel_set("voyager clock", [mixed / "naif0012.tls", mixed / "vg200022.tsc"]),
        kernel_set("phobos shape", [mixed / "phobos_lores.bds"]),
        *made_here(scratch, kernel_set),
    ]


def made_here(scratch, kernel_set):
    """Sets written at run time: which file and which segment wins, and a shape in both byte orders."""
    start, ids = 1e8, (-901, 0)
    times = [start + 100.0 * i for i in range(30)]
    files = []
    for number, segments in enumerate([(1.0,), (2.0, 3.0), (4.0,)]):
        path = scratch / f"priority{number}.bsp"
        handle = sp.spkopn(str(path), "priority", 0)
        for scale in segments:
            states = [[scale * 1e5 + i * scale, 7.0 * scale, i, scale, 0.0, 0.01] for i in range(30)]
            # Each a bit shorter than the one below.
            first, last = times[int(2 * scale)], times[29 - int(3 * scale)]
            sp.spkw09(handle, *ids, "B1950", first, last, f"scale {scale}", 5, 30, states, times)
        sp.spkcls(handle)
        files.append(path)
    clock = scratch / "priority.tsc"
    clock.write_text(PRIORITY_CLOCK)
    for number, segments in enumerate([(1.0,), (2.0, 3.0), (4.0,)]):
        path = scratch / f"priority{number}.bc"
        handle = sp.ckopn(str(path), "priority", 0)
        for scale in segments:
            ticks = [256.0 * (1000.0 + 100.0 * i) for i in range(int(scale), 30 - int(scale))]
            quats = [sp.qxq([1, 0, 0, 0], sp.m2q(sp.rotate(0.01 * scale * i, 1 + int(scale) % 3)))
                     for i in range(len(ticks))]
            spins = [[1e-4 * scale, 0.0, 1e-5 * i] for i in range(len(ticks))]
            sp.ckw03(handle, ticks[0], ticks[-1], -901000, "J2000", scale != 3.0, f"scale {scale}", len(ticks),
                     ticks, quats, spins, 2, [ticks[0], ticks[5]])
        sp.ckcls(handle)
        files.append(path)
    yield kernel_set("priority", [*files, clock], ["PRIORITY"], [(1e8 + 1000.0, 1e8 + 3900.0)])
    yield kernel_set("priority turned", [clock, *files[::-1]], ["PRIORITY"], [(1e8 + 1000.0, 1e8 + 3900.0)])


PRIORITY_CLOCK = r"""KPL/SCLK
\begindata
SCLK_KERNEL_ID = ( @2015-01-01 )
SCLK_DATA_TYPE_901 = ( 1 )
SCLK01_TIME_SYSTEM_901 = ( 1 )
SCLK01_N_FIELDS_901 = ( 2 )
SCLK01_MODULI_901 = ( 4294967296 256 )
SCLK01_OFFSETS_901 = ( 0 0 )
SCLK01_OUTPUT_DELIM_901 = ( 1 )
SCLK_PARTITION_START_901 = ( 0 )
SCLK_PARTITION_END_901 = ( 1.0E12 )
SCLK01_COEFFICIENTS_901 = ( 0 1.0E8 1.0 )
FRAME_PRIORITY = -901000
FRAME_-901000_NAME = 'PRIORITY'
FRAME_-901000_CLASS = 3
FRAME_-901000_CLASS_ID = -901000
FRAME_-901000_CENTER = -901
CK_-901000_SCLK = -901
\begintext
"""


def to_binary(source, target):
    """CSPICE's own conversion of a transfer file (what its program `tobin` calls)."""
    library, unit = sp.utils.libspicehelper.libspice, ctypes.c_int()
    names = [str(path).encode() for path in (source, target)]
    library.txtopr_(ctypes.c_char_p(names[0]), ctypes.byref(unit), ctypes.c_int(len(names[0])))
    # The caller reads the line that names the format.
    line, end = ctypes.create_string_buffer(200), ctypes.c_int()
    library.readln_(ctypes.byref(unit), line, ctypes.byref(end), ctypes.c_int(200))
    library.daftb_(ctypes.byref(unit), ctypes.c_char_p(names[1]), ctypes.c_int(len(names[1])))


def for_spice(files, scratch):
    """The same files as CSPICE can load them: transfer files as binary ones."""
    made = []
    for path in files:
        if path.suffix in (".xsp", ".xc"):
            target = scratch / (path.parent.name + path.stem + {".xsp": ".bsp", ".xc": ".bc"}[path.suffix])
            if not target.exists():
                to_binary(path, target)
            path = target
        made.append(path)
    return made
