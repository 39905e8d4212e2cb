# SPDX-License-Identifier: MIT OR Apache-2.0
"""Compares what Facula answers from kernels with what CSPICE answers: states, rotations and their rates, clocks,
constants, names, shapes, coverage, and which of several kernels wins.

Usage: python check_kernels.py [QUERY_PROGRAM] [--draws N]

QUERY_PROGRAM is the example `query` of facula-spice (default: built with cargo). Needs spiceypy,
numpy, and the flight data in $FACULA_DATA or ../shared/data; without them it says SKIPPED and exits 0. Exit status
1 when a bound is broken or the two disagree on whether there is an answer.
"""

import argparse
import collections
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import spiceypy as sp

import kernel_sets as sets
import programs

REPOSITORY = Path(__file__).parents[1]
# Relative to the length of the vector; aim 1e-12. States of small distances are differences of large ones, and
# a double of 1e9 km has 1e-7 km.
STATE = 1e-9
# Absolute per element of the matrix.
ROTATION = 1e-12
# Angular velocity, relative to the larger of its length and 1e-7 rad/s (a turn in two years).
SPIN = 1e-9
# A double of ephemeris time has 1e-7 s.
TIME_S = 5e-7
BOUNDS = {"position": STATE, "velocity": STATE, "light time": STATE, "rotation": ROTATION, "spin": SPIN,
          "clock to time": TIME_S, "time to clock": 0.0, "constants": 0.0, "names": 0.0, "shapes": 0.0,
          "coverage": TIME_S, "ticks": 0.0, "time text": TIME_S}


class Tally:
    """Differences by kind of question and set of kernels."""

    def __init__(self):
        self.differences = collections.defaultdict(list)
        self.refused = collections.Counter()
        self.more = collections.Counter()
        self.disagreements = collections.defaultdict(list)

    def add(self, kind, name, difference, question):
        self.differences[kind, name].append((difference, question))

    def compare(self, kinds, name, question, answer, truth):
        """`truth()` gives differences by kind, or fails as CSPICE does."""
        try:
            found = truth(answer)
        except sp.exceptions.SpiceyError as error:
            if "error" in answer:
                self.refused[kinds, name] += 1
            elif "FRAMEDATANOTFOUND" in error.short:
                # Two frames that meet below a body-fixed frame without data: the program goes no further, SPICE does.
                self.more[kinds, name] += 1
            else:
                self.disagreements[kinds, name].append((question, "SPICE refuses: " + error.short))
            return
        if "error" in answer:
            self.disagreements[kinds, name].append((question, answer["error"]))
            return
        for kind, difference in found.items():
            self.add(kind, name, difference, question)

    def report(self):
        """Prints the table; gives the number of broken bounds."""
        broken = 0
        print(f"{'kind':14} {'kernels':16} {'draws':>6} {'75 %':>9} {'99 %':>9} {'maximum':>9} {'bound':>8}")
        for (kind, name), pairs in sorted(self.differences.items()):
            values = np.array([value for value, _ in pairs])
            q75, q99, worst = np.quantile(values, 0.75), np.quantile(values, 0.99), values.max()
            bad = not worst <= BOUNDS[kind]
            broken += bad
            print(f"{kind:14} {name:16} {len(values):6} {q75:9.1e} {q99:9.1e} {worst:9.1e} {BOUNDS[kind]:8.0e}"
                  + ("  BROKEN by " + str(pairs[int(values.argmax())][1]) if bad else ""))
        for (kind, name), count in sorted(self.refused.items()):
            print(f"{kind:14} {name:16} {count:6} refused by both")
        for (kind, name), count in sorted(self.more.items()):
            print(f"{kind:14} {name:16} {count:6} answered where SPICE refuses (FRAMEDATANOTFOUND)")
        for (kind, name), cases in sorted(self.disagreements.items()):
            broken += 1
            print(f"{kind:14} {name:16} {len(cases):6} DISAGREE, for example {cases[0]}")
        total = sum(len(pairs) for pairs in self.differences.values())
        print(f"{total} comparisons, {broken} broken")
        return broken


def ask(program, files, questions):
    """Answers of the program to a list of questions."""
    text = "".join(json.dumps(question) + "\n" for question in questions)
    done = subprocess.run([program, *map(str, files)], input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"FAILED {program} {' '.join(map(str, files))}: {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def check_state(question):
    def truth(answer):
        et = answer.get("et", question["et"])
        state, light = sp.spkez(question["target"], et, question["frame"], question["correction"],
                                question["observer"])
        if "error" in answer:
            return {}
        found = np.array(answer["state"])
        # Corrected states are differences of states relative to the barycentre: a few of its last bits are noise
        # of CSPICE and of the program alike, whatever the distance.
        seer, _ = sp.spkgps(question["observer"], et, "J2000", 0) if question["correction"] != "NONE" else (0.0, 0)
        noise = 4 * np.spacing(np.linalg.norm(seer))
        off = max(np.linalg.norm(found[:3] - state[:3]) - noise, 0.0)
        return {
            "position": off / max(np.linalg.norm(state[:3]), 1e-3),
            "velocity": np.linalg.norm(found[3:] - state[3:]) / max(np.linalg.norm(state[3:]), 1e-3),
            "light time": max(abs(answer["light_time_s"] - light) - noise / 3e5, 0.0) / max(light, 1e-9),
        }
    return truth


def check_rotation(question):
    def truth(answer):
        rows = sp.pxform(question["from"], question["to"], answer.get("et", question["et"]))
        return {} if "error" in answer else {"rotation": np.abs(np.array(answer["rows"]) - rows).max()}
    return truth


def check_rate(question):
    def truth(answer):
        transform = sp.sxform(question["from"], question["to"], answer.get("et", question["et"]))
        rows, spin = sp.xf2rav(transform)
        if "error" in answer:
            return {}
        off = np.linalg.norm(np.array(answer["spin"]) - spin) / max(np.linalg.norm(spin), 1e-7)
        return {"rotation": np.abs(np.array(answer["rows"]) - rows).max(), "spin": off}
    return truth


def check_clock_text(question):
    def truth(answer):
        et = sp.scs2e(question["clock"], question["text"])
        return {} if "error" in answer else {"clock to time": abs(answer["et"] - et)}
    return truth


def check_clock_at(question):
    def truth(answer):
        text = sp.sce2s(question["clock"], answer.get("et", question["et"]))
        return {} if "error" in answer else {"time to clock": float(answer["text"] != text)}
    return truth


def check_constant(question):
    def truth(answer):
        name = question["name"]
        count, kind = sp.dtpool(name)
        if "error" in answer:
            return {}
        if kind == "N":
            values = list(sp.gdpool(name, 0, count))
            return {"constants": float(answer["numbers"] != values)}
        texts = [text.rstrip() for text in sp.gcpool(name, 0, count)]
        return {"constants": float([text.rstrip() for text in answer["texts"] or []] != texts)}
    return truth


def check_body(question):
    def truth(answer):
        same = answer["code"] == sp.bods2c(question["name"])
        try:
            same &= answer["name"] == sp.bodc2n(question["code"])
        except sp.exceptions.SpiceyError:
            same &= answer["name"] is None
        return {"names": float(not same)}
    return truth


def check_ticks(question):
    def truth(answer):
        ticks = sp.scencd(question["clock"], question["text"])
        return {} if "error" in answer else {"ticks": abs(answer["ticks"] - ticks)}
    return truth


def check_time(question):
    def truth(answer):
        et = sp.str2et(question["text"])
        return {} if "error" in answer else {"time text": abs(answer["et"] - et)}
    return truth


def check_shape(question):
    """Surfaces of a body, the last segment of the last file first."""
    def truth(answer):
        shapes = iter(answer["shapes"])
        different = 0.0
        for path in reversed(question["files"]):
            handle = sp.dasopr(path)
            for descriptor in reversed(list(segments_of(handle))):
                shape, head = next(shapes), sp.dskgd(handle, descriptor)
                vertex_count, plate_count = sp.dskz02(handle, descriptor)
                same = (head.surfce, sp.frmnam(head.frmcde), head.center) == (
                    shape["surface"], shape["frame"], question["body"])
                same &= np.array_equal(sp.dskv02(handle, descriptor, 1, vertex_count), shape["vertices_km"])
                same &= np.array_equal(sp.dskp02(handle, descriptor, 1, plate_count) - 1, shape["plates"])
                same &= np.abs(np.array(shape["span"]) - [head.start, head.stop]).max() < 1e-6
                different += not same
            sp.dascls(handle)
        return {"shapes": different + len(list(shapes))}
    return truth


def segments_of(handle):
    found, descriptor = True, sp.dlabfs(handle)
    while found:
        yield descriptor
        try:
            descriptor = sp.dlafns(handle, descriptor)
        except sp.exceptions.NotFoundError:
            found = False


def check_coverage(question):
    def truth(answer):
        cell = sp.cell_double(200_000)
        for path in question["files"]:
            if question["of"] == "body" and path.endswith(".bsp") and question["id"] in sp.spkobj(path):
                sp.spkcov(path, question["id"], cell)
            if question["of"] in ("structure", "intervals") and path.endswith(".bc"):
                if question["id"] in sp.ckobj(path):
                    level = "SEGMENT" if question["of"] == "structure" else "INTERVAL"
                    sp.ckcov(path, question["id"], False, level, 0.0, "TDB", cell)
            if question["of"] == "orientation" and path.endswith(".bpc"):
                sp.pckcov(path, question["id"], cell)
        if "error" in answer:
            return {}
        wanted = np.array(sets.window_list(cell)).reshape(-1, 2)
        found = np.array(answer["spans"]).reshape(-1, 2)
        return {"coverage": np.abs(found - wanted).max() if found.shape == wanted.shape else np.inf}
    return truth


CHECKS = {"ticks": check_ticks, "time": check_time, "shape": check_shape, "coverage": check_coverage,
          "state": check_state, "rotation": check_rotation, "rate": check_rate, "et_of_clock": check_clock_text,
          "clock_at": check_clock_at, "constant": check_constant, "body": check_body}


def run_set(program, tally, kernel_set, draws, seed):
    """Loads a set in both, draws its questions, compares."""
    chance = random.Random(seed)
    load(kernel_set)
    # By kind, and CSPICE starts anew with each: SXFORM remembers a segment with angular velocities, and a PXFORM
    # after it may take that one although another has precedence.
    questions = sorted(kernel_set.questions(chance, draws), key=lambda question: question["kind"])
    answers = ask(program, kernel_set.files, questions)
    before = None
    for question, answer in zip(questions, answers, strict=True):
        kind = question["kind"]
        if kind != before:
            load(kernel_set)
            before = kind
        tally.compare(kind, kernel_set.name, question, answer, CHECKS[kind](question))
    sp.kclear()


def load(kernel_set):
    """Only this set's kernels in CSPICE."""
    sp.kclear()
    for path in kernel_set.spice_files:
        sp.furnsh(str(path))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?")
    parser.add_argument("--draws", type=int, default=12_000, help="states, and as many rotations, in all")
    options = parser.parse_args()
    data = sets.data_folder(REPOSITORY)
    if data is None:
        print("SKIPPED check_kernels.py: no flight data; set FACULA_DATA")
        return 0
    program = options.program or programs.example("query")
    tally = Tally()
    with tempfile.TemporaryDirectory() as scratch:
        all_sets = sets.all_sets(data, Path(scratch))
        for i, kernel_set in enumerate(all_sets):
            run_set(program, tally, kernel_set, options.draws // len(all_sets), i)
    return int(tally.report() > 0)


if __name__ == "__main__":
    sys.exit(main())
