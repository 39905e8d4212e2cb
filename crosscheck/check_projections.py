# SPDX-License-Identifier: MIT OR Apache-2.0
"""Map projections of facula-core against PROJ: forward, inverse, scale factors, PROJ strings, WKT 2, IAU_2015 codes; and
the GeoTIFF keys of facula-map against GDAL.

Usage: python check_projections.py [PROGRAM] [--draws N]

PROGRAM is the example `project` of facula-core (default: built with cargo). Needs numpy, scipy, pyproj, rasterio. Exit status 1
when a bound is broken or the two disagree on whether a place is on the map.

PROJ's latitudes are planetographic on an ellipsoid, Facula's planetocentric: this script converts. Where PROJ itself
does not reach the bound (series made for the Earth's flattening), the truth is a closed form of scipy or the place
the point came from, and the table says how far PROJ is off.
"""

import argparse
import collections
import json
import subprocess
import struct
import sys
import tempfile
from pathlib import Path

import numpy as np
import rasterio
from pyproj import CRS, Proj, Transformer
from pyproj.exceptions import CRSError
from scipy.special import ellipeinc

import programs

# Lengths on the map over the larger of the equatorial radius and the distance from the origin, and over the scale where
# that is above 1 (rounding of the place itself); angles on the ground times the scale where that is below 1; scales
# relative; distortions squared.
BOUNDS = {"forward": 1e-9, "inverse": 1e-9, "h": 1e-9, "k": 1e-9, "areal": 1e-9, "distortion": 1e-9, "h, PROJ": 1e-8,
          "k, PROJ": 1e-8, "areal, PROJ": 1e-8, "distortion, PROJ": 1e-8, "proj string": 1e-10, "WKT 2": 1e-10,
          "IAU code": 1e-9, "GeoTIFF": 1e-9}
# The truth of scales is a stencil of seven of PROJ's own points, where it and that of five points agree to SMOOTH. PROJ's
# own factors ("h, PROJ") are differences of second order over 1e-5 rad, good to 1.7e-11 times the third derivative:
# they are compared where scales are below GENTLE, this far from poles (deg) and off the seam.
GENTLE, POLAR_DEG, SMOOTH = 2.0, 15.0, 1e-10
# Step of the stencil, rad, and distance from poles, deg, at which rounding of the points over the step is 1e-10.
STENCIL, STENCIL_POLAR_DEG = 3e-4, 0.5
# The formulas PROJ uses lose half their digits this close to the antipode of an azimuthal map, to a pole of an equal-area
# map of an ellipsoid (closed form instead) and to the turned poles of an oblique one, deg.
ANTIPODE_DEG, LOST_DEG = 0.1, 1e-3
# Places this close to a limb may be on the map for one and not for the other, rad.
LIMB = 1e-7
SPHEROIDS = {
    "Ceres": (487300.0, 446000.0), "Ceres sphere": (487300.0, 487300.0), "Vesta": (284500.0, 229000.0),
    "Vesta sphere": (255000.0, 255000.0), "Bennu": (282.4, 249.3), "Bennu sphere": (245.03, 245.03),
    "Earth": (6378137.0, 6356752.314245179), "Earth sphere": (6371000.0, 6371000.0),
}
SPHERE_ONLY = ("perspective", "oblique")


# NaN marks places that are not on the map.
np.seterr(all="ignore")


class Tally:
    def __init__(self):
        self.worst = collections.defaultdict(list)
        self.notes = collections.defaultdict(float)
        self.disagree = []

    def add(self, kind, method, differences, where):
        differences = np.asarray(differences, float)
        if differences.size:
            at = int(np.nanargmax(np.where(np.isnan(differences), np.inf, differences)))
            self.worst[kind, method].append((differences, differences[at], where(at)))

    def note(self, name, value):
        self.notes[name] = max(self.notes[name], float(value))

    def report(self):
        broken = len(self.disagree)
        print(f"{'kind':12} {'method':28} {'draws':>8} {'99 %':>9} {'maximum':>9} {'bound':>7}")
        for (kind, method), parts in sorted(self.worst.items()):
            values = np.concatenate([values for values, *_ in parts])
            worst = max(parts, key=lambda part: np.inf if np.isnan(part[1]) else part[1])
            bad = not worst[1] <= BOUNDS[kind]
            broken += bad
            print(f"{kind:12} {method:28} {len(values):8} {np.nanquantile(values, 0.99):9.1e} {worst[1]:9.1e} "
                  f"{BOUNDS[kind]:7.0e}" + (f"  BROKEN at {worst[2]}" if bad else ""))
        for name, value in sorted(self.notes.items()):
            if value > 1e-9:
                print(f"note: {name}: {value:.1e}")
        for text in self.disagree[:10]:
            print("DISAGREE", text)
        total = sum(len(values) for parts in self.worst.values() for values, *_ in parts)
        print(f"{total} comparisons, {broken} broken")
        return broken


def centric(graphic_deg, radii):
    """Planetocentric latitude, deg."""
    if radii[0] == radii[1]:
        return graphic_deg
    phi = np.radians(graphic_deg)
    return np.degrees(np.arctan2((radii[1] / radii[0])**2 * np.sin(phi), np.cos(phi)))


def graphic(centric_deg, radii):
    """Planetographic latitude, deg."""
    if radii[0] == radii[1]:
        return centric_deg
    phi = np.radians(centric_deg)
    return np.degrees(np.arctan2((radii[0] / radii[1])**2 * np.sin(phi), np.cos(phi)))


def methods(radii, chance, round_number):
    """Name, Facula's parameters, PROJ's parameters; the first round has the values the IAU lists."""
    lon, lat, ts = chance.uniform(0, 360), np.degrees(np.arcsin(chance.uniform(-1, 1))), chance.uniform(5, 70)
    k = chance.uniform(0.5, 1.5)
    if round_number == 0:
        lon, lat, ts, k = 180.0, 0.0, 0.0, 1.0
    elif round_number == 1:
        lon, lat, ts, k = 0.0, 40.0, 30.0, 1.0
    lon_rad = np.radians(lon)
    at = lambda graphic_deg: {"longitude_rad": lon_rad, "latitude_rad": np.radians(centric(graphic_deg, radii))}
    rad = lambda graphic_deg: np.radians(centric(graphic_deg, radii))
    yield "equirectangular", {"longitude_rad": lon_rad, "true_scale_latitude_rad": rad(ts)}, f"+proj=eqc +lat_ts={ts!r} +lon_0={lon!r}"
    yield "sinusoidal", {"longitude_rad": lon_rad}, f"+proj=sinu +lon_0={lon!r}"
    yield "mercator", {"longitude_rad": lon_rad, "scale": {"factor": k}}, f"+proj=merc +lon_0={lon!r} +k={k!r}"
    yield "mercator", {"longitude_rad": lon_rad, "scale": {"latitude-rad": rad(ts)}}, f"+proj=merc +lon_0={lon!r} +lat_ts={ts!r}"
    for pole, sign in (("north", 1), ("south", -1)):
        stere = f"+proj=stere +lat_0={90 * sign} +lon_0={lon!r}"
        yield "polar-stereographic", {"pole": pole, "longitude_rad": lon_rad, "scale": {"factor": k}}, f"{stere} +k={k!r}"
        true = ts + 10.0
        yield ("polar-stereographic", {"pole": pole, "longitude_rad": lon_rad, "scale": {"latitude-rad": sign * rad(true)}},
               f"{stere} +lat_ts={sign * true!r}")
    for centre in (lat, 90.0, -90.0, 0.0):
        place = f"+lat_0={float(centre)!r} +lon_0={lon!r}"
        if abs(centre) < 90:
            yield "stereographic", {"centre": at(centre), "factor": k}, f"+proj=stere {place} +k={k!r}"
        yield "lambert-azimuthal-equal-area", {"centre": at(centre)}, f"+proj=laea {place}"
        yield "orthographic", {"centre": at(centre)}, f"+proj=ortho {place}"
        for height in (0.2, 3.0, 500.0):
            yield "perspective", {"centre": at(centre), "height_m": height * radii[0]}, f"+proj=nsper {place} +h={height * radii[0]!r}"
    for base, name in (("equirectangular", "eqc"), ("mercator", "merc"), ("sinusoidal", "sinu")):
        for azimuth in (chance.uniform(0, 360), 90.0, 0.0, 270.0):
            yield "oblique", {"base": base, "centre": at(lat), "azimuth_rad": np.radians(azimuth)}, oblique(name, lon, lat, azimuth)


def oblique(name, lon, lat, azimuth):
    """The rotation of PROJ's ob_tran for a centre and the direction of the new equator there."""
    lam, phi, alpha = np.radians([lon, lat, azimuth])
    centre = np.array([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)])
    east, north = np.array([-np.sin(lam), np.cos(lam), 0]), np.array([-np.sin(phi) * np.cos(lam), -np.sin(phi) * np.sin(lam), np.cos(phi)])
    ahead = np.sin(alpha) * east + np.cos(alpha) * north
    pole = np.cross(centre, ahead)
    if np.hypot(*pole[:2]) < 1e-12:
        o_lat, o_lon, lon_0 = np.copysign(90, pole[2]), 0 if pole[2] > 0 else 180, lon
    else:
        o_lat = np.degrees(np.arctan2(pole[2], np.hypot(*pole[:2])))
        o_lon = np.degrees(np.arctan2(ahead[2], centre[2]))
        lon_0 = np.degrees(np.arctan2(pole[1], pole[0])) + 180
    return f"+proj=ob_tran +o_proj={name} +o_lat_p={float(o_lat)!r} +o_lon_p={float(o_lon)!r} +lon_0={float(lon_0)!r}"


def places(chance, draws, parameters):
    """Longitudes and planetocentric latitudes, deg: everywhere, poles, antimeridian, the centre and its antipode."""
    lon, lat = chance.uniform(0, 360, draws), np.degrees(np.arcsin(chance.uniform(-1, 1, draws)))
    centre = parameters.get("centre", {"longitude_rad": parameters.get("longitude_rad", 0.0), "latitude_rad": 0.0})
    lon0, lat0 = np.degrees(centre["longitude_rad"]), np.degrees(centre["latitude_rad"])
    near = 10.0**chance.uniform(-9, 1, draws // 8)
    turn = chance.uniform(0, 2 * np.pi, len(near))
    around = lambda lon, lat: np.column_stack([lon + near * np.cos(turn) / max(np.cos(np.radians(lat)), 1e-3),
                                               np.clip(lat + near * np.sin(turn), -90, 90)])
    special = [[lon0, lat0], [0, 90], [0, -90], [180, 90], [lon0, 0], [lon0 + 180, 0], [lon0 + 90, 0], [0, 0], [180, 0]]
    everything = np.concatenate([np.column_stack([lon, lat]), around(lon0, lat0), around(lon0 + 180, -lat0), around(lon0 + 180, lat0),
                                 around(lon0, 90), around(lon0, -90), special])
    everything[:, 0] %= 360
    return everything


def optional(rows, width):
    return np.array([[np.nan] * width if row is None else row for row in rows], float).reshape(-1, width)


def ask(program, questions):
    text = "".join(json.dumps(question) + "\n" for question in questions)
    done = subprocess.run([program], input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"FAILED {program}: {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def unit(lon, lat):
    lon, lat = np.radians(lon), np.radians(lat)
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], -1)


def separation(a, b):
    """Radians between places (lon, lat) in deg."""
    a, b = unit(a[:, 0], a[:, 1]), unit(b[:, 0], b[:, 1])
    return 2 * np.arcsin(np.clip(np.linalg.norm(a - b, axis=1) / 2, 0, 1))


class Case:
    """One projection of one spheroid, with its points through PROJ."""

    def __init__(self, body, name, parameters, proj, chance, draws):
        self.radii = SPHEROIDS[body]
        self.title = f"{body} {proj}"
        self.name, self.flat = name, self.radii[0] != self.radii[1]
        figure = f"+a={self.radii[0]!r} +b={self.radii[1]!r}" if self.flat else f"+R={self.radii[0]!r}"
        self.proj = Proj(f"{proj} {figure} +x_0=0 +y_0=0 +units=m +no_defs")
        self.places = places(chance, draws, parameters)
        self.graphic = graphic(self.places[:, 1], self.radii)
        x, y = self.proj(self.places[:, 0], self.graphic)
        self.points = np.column_stack([x, y])
        self.points[~np.isfinite(self.points).all(axis=1)] = np.nan
        self.seam_deg = 180 - np.abs((self.places[:, 0] - np.degrees(self.centre(parameters)[0]) + 180) % 360 - 180)
        self.antipode = separation(self.places, np.tile(self.antipode_of(parameters), (len(self.places), 1)))
        shown = np.where(np.isnan(self.points), 0.0, self.points)
        self.question = {
            "projection": {"spheroid": {"equatorial_m": self.radii[0], "polar_m": self.radii[1]}, "method": name, **parameters},
            "places_deg": self.places.tolist(), "points_m": shown.tolist()}

    def centre(self, parameters):
        centre = parameters.get("centre")
        if centre:
            return centre["longitude_rad"], centre["latitude_rad"]
        pole = {"north": np.pi / 2, "south": -np.pi / 2}.get(parameters.get("pole"), 0.0)
        return parameters["longitude_rad"], pole

    def antipode_of(self, parameters):
        lon, lat = np.degrees(self.centre(parameters))
        return [lon + 180, -graphic(lat, self.radii)] if not self.flat else [lon + 180, -lat]

    def compare(self, tally, answer):
        found, inverse, scale = optional(answer["forward"], 2), optional(answer["inverse"], 2), optional(answer["scale"], 4)
        largest = np.fmax(scale[:, 0], scale[:, 1])
        if self.name == "oblique":
            # On the turned poles x means nothing.
            largest = np.where(np.isnan(largest), np.inf, largest)
        self.largest = np.fmax(largest, 1.0)
        here = lambda keep: lambda i: f"{self.title} {self.places[keep][i].tolist()}"
        usable = np.ones(len(self.places), bool)
        if self.name in ("stereographic", "polar-stereographic", "lambert-azimuthal-equal-area"):
            usable &= np.degrees(self.antipode) > ANTIPODE_DEG
        if self.name == "oblique":
            usable &= self.from_turned_poles_deg() > LOST_DEG
        defined, wanted = ~np.isnan(found[:, 0]), ~np.isnan(self.points[:, 0])
        self.agree_on_map(tally, defined, wanted, usable)
        keep = usable & defined & wanted
        truth = self.truth(tally, keep)
        tally.add("forward", self.name, self.off(found, truth)[keep], here(keep))
        self.check_inverse(tally, inverse, scale, keep, here)
        self.check_scale(tally, scale, keep, here)
        if self.flat and self.name == "lambert-azimuthal-equal-area":
            keep = keep & (np.abs(self.places[:, 1]) < 90 - LOST_DEG)
        self.check_names(tally, answer, keep, here)

    def truth(self, tally, keep):
        """Points of PROJ; closed forms where its series or differences are not good for a flat body or a pole."""
        closed = None
        if self.flat and self.name == "sinusoidal":
            closed = self.sinusoidal()
        elif self.flat and self.name == "lambert-azimuthal-equal-area":
            closed = self.equal_area()
        if closed is None:
            return self.points
        tally.note(f"PROJ's forward, {self.name} of {self.title.split(' +')[0]}, radii",
                   np.nanmax(self.off(self.points, closed)[keep]))
        return closed

    def sinusoidal(self):
        """Snyder (1987), eqs. 30-8, 30-9, with the meridian as an elliptic integral."""
        a, b = self.radii
        phi, e2 = np.radians(self.graphic), 1 - (b / a)**2
        lam = np.radians((self.places[:, 0] - np.degrees(self.question["projection"]["longitude_rad"]) + 180) % 360 - 180)
        beta = np.arctan2(b * np.sin(phi), a * np.cos(phi))
        return np.column_stack([a * lam * np.cos(phi) / np.sqrt(1 - e2 * np.sin(phi)**2), b * ellipeinc(beta, 1 - (a / b)**2)])

    def equal_area(self):
        """Snyder (1987), eqs. 3-11, 3-12, 24-17 to 24-20, in extended precision."""
        wide = np.longdouble
        a, b = map(wide, self.radii)
        e2 = 1 - (b / a)**2
        e, degree = np.sqrt(e2), np.arctan(wide(1)) / 45
        q = lambda s: (1 - e2) * (s / (1 - e2 * s * s) + np.arctanh(e * s) / e)
        lon0, lat0 = (wide(v) for v in self.centre(self.question["projection"]))
        centric = np.concatenate([self.places[:, 1].astype(wide) * degree, [lat0]])
        # A right angle of double precision is one here.
        phi = np.where(np.abs(centric) > np.pi / 2 - 1e-15, np.sign(centric) * 90 * degree,
                       np.arctan(np.tan(centric) / (1 - e2)))
        sin_beta = q(np.sin(phi)) / q(wide(1))
        cos_beta = np.sqrt(np.maximum(1 - sin_beta**2, 0))
        s, c, s1, c1 = sin_beta[:-1], cos_beta[:-1], sin_beta[-1], cos_beta[-1]
        rq = a * np.sqrt(q(wide(1)) / 2)
        polar = abs(lat0) > np.pi / 2 - 1e-15
        d = wide(1) if polar else a * np.cos(phi[-1]) / np.sqrt(1 - e2 * np.sin(phi[-1])**2) / (rq * c1)
        lam = self.places[:, 0].astype(wide) * degree - lon0
        root = rq * np.sqrt(2 / np.maximum(1 + s1 * s + c1 * c * np.cos(lam), 1e-18))
        return np.column_stack([root * d * c * np.sin(lam), root / d * (c1 * s - s1 * c * np.cos(lam))]).astype(float)

    def from_turned_poles_deg(self):
        parameters = self.question["projection"]
        lon, lat = self.centre(parameters)
        alpha = parameters["azimuth_rad"]
        east, north = np.array([-np.sin(lon), np.cos(lon), 0]), np.array([-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)])
        pole = np.sin(alpha) * north - np.cos(alpha) * east
        return np.degrees(np.arcsin(np.linalg.norm(np.cross(unit(self.places[:, 0], self.places[:, 1]), pole), axis=1).clip(0, 1)))

    def agree_on_map(self, tally, defined, wanted, usable):
        differ = usable & (defined != wanted)
        if self.name in ("orthographic", "perspective"):
            # Angle beyond the limb, from the normals.
            lon, lat = self.question["projection"]["centre"]["longitude_rad"], self.question["projection"]["centre"]["latitude_rad"]
            up = unit(np.degrees(lon), graphic(np.degrees(lat), self.radii))
            eye = 1 + self.question["projection"].get("height_m", np.inf) / self.radii[0]
            differ &= np.abs(unit(self.places[:, 0], self.graphic) @ up - 1 / eye) > LIMB
        # Mercator: PROJ has numbers up to the pole itself.
        if self.name == "mercator" or "o_proj=merc" in self.title:
            differ &= ~wanted
        for i in np.flatnonzero(differ)[:1]:
            tally.disagree.append(f"{self.title} {self.places[i].tolist()}: Facula {'has' if defined[i] else 'lacks'} a point")

    def off(self, found, truth):
        """Distance over radius or distance from the origin, and over the scale; the two sides of a seam are one."""
        size = np.maximum(np.hypot(*truth.T), self.radii[0])
        off = np.hypot(*(found - truth).T)
        if self.name in ("equirectangular", "mercator", "sinusoidal", "oblique"):
            mirrored = np.hypot(found[:, 0] + truth[:, 0], found[:, 1] - truth[:, 1])
            off = np.where(off > 1e-3 * self.radii[0], np.minimum(off, mirrored), off)
        return off / size / self.largest

    def check_inverse(self, tally, inverse, scale, keep, here):
        least = np.minimum(1.0, scale[:, 2] / np.fmax(scale[:, 0], scale[:, 1]))
        size = np.maximum(np.hypot(*self.points.T) / self.radii[0], 1.0)
        error = separation(inverse, self.places) * least / size
        good = keep & ~np.isnan(least)
        if self.flat and self.name == "sinusoidal":
            # Points of PROJ's own meridian have its error: only where that is small. Ours and back: Rust tests.
            good &= np.hypot(*(self.points - self.sinusoidal()).T) < 1e-11 * self.radii[0]
        if self.flat and self.name == "lambert-azimuthal-equal-area":
            good &= np.hypot(*(self.points - self.equal_area()).T) < 1e-10 * self.radii[0]
        tally.add("inverse", self.name, error[good], here(good))
        if self.flat and good.any():
            lon, lat = self.proj(self.points[good, 0], self.points[good, 1], inverse=True)
            there = np.isfinite(lon) & np.isfinite(lat)
            back = np.column_stack([np.where(there, lon, 0), centric(np.where(there, lat, 0), self.radii)])
            own = (separation(back, self.places[good]) * least[good] / size[good])[there]
            tally.note(f"PROJ's own way there and back, {self.name} of {self.title.split(' +')[0]}, rad", own.max(initial=0))

    def check_scale(self, tally, scale, keep, here):
        keep = keep & ~np.isnan(scale).any(axis=1)
        closed = self.flat and self.name in ("sinusoidal", "lambert-azimuthal-equal-area")
        truth = self.closed_scales() if closed else self.stencil()
        self.compare_scales(tally, scale, truth, keep & ~np.isnan(truth).any(axis=1), here, "")
        gentle = (np.fmax(scale[:, 0], scale[:, 1]) < GENTLE) & (scale[:, 2] > 1 / GENTLE) & (self.seam_deg > 0.01)
        gentle &= keep & (np.abs(self.places[:, 1]) < 90 - POLAR_DEG) & ~np.isnan(truth).any(axis=1)
        if not gentle.any() or (self.flat and self.name in ("equirectangular", "sinusoidal")):
            # PROJ's factors forget the flattening of eqc, and differentiate its series for the meridian.
            return
        f = self.proj.get_factors(self.places[gentle, 0], self.graphic[gentle])
        proj = np.full_like(scale, np.nan)
        proj[gentle] = np.column_stack([f.meridional_scale, f.parallel_scale, f.areal_scale, np.radians(f.angular_distortion)])
        self.compare_scales(tally, scale, proj, gentle, here, ", PROJ")

    def compare_scales(self, tally, ours, truth, keep, here, suffix):
        for column, kind in enumerate(("h", "k", "areal")):
            tally.add(kind + suffix, self.name, np.abs(ours[keep, column] / truth[keep, column] - 1), here(keep))
        # Near 0 PROJ takes the root of a difference: its square is what it knows.
        tally.add("distortion" + suffix, self.name, np.abs(ours[keep, 3]**2 - truth[keep, 3]**2) / 2, here(keep))

    def stencil(self):
        """h, k, areal scale, angular distortion from seven of PROJ's points along the parallel and the meridian."""
        offsets = STENCIL * np.array([-3, -2, -1, 1, 2, 3])
        seven = np.array([-1, 9, -45, 45, -9, 1]) / (60 * STENCIL)
        five = np.array([0, 1, -8, 8, -1, 0]) / (12 * STENCIL)
        steps, smooth = [], np.abs(self.places[:, 1]) < 90 - STENCIL_POLAR_DEG
        lon, lat = self.places[:, 0], self.graphic
        for east, north in ((1, 0), (0, 1)):
            x, y = np.array([self.proj(lon + east * d, np.clip(lat + north * d, -90, 90)) for d in np.degrees(offsets)]).transpose(1, 0, 2)
            d7, d5 = (np.column_stack([w @ x, w @ y]) for w in (seven, five))
            size = np.hypot(*d7.T)
            smooth &= np.isfinite(d7).all(axis=1) & (np.hypot(*(d7 - d5).T) < SMOOTH * size)
            smooth &= size > 0.01 * self.radii[0] * np.cos(np.radians(lat))
            steps.append(d7)
        a, b = self.radii
        phi, e2 = np.radians(lat), 1 - (b / a)**2
        w = np.sqrt(1 - e2 * np.sin(phi)**2)
        east, north = steps[0] * (w / (a * np.maximum(np.cos(phi), 1e-9)))[:, None], steps[1] * (w**3 / (a * (1 - e2)))[:, None]
        h, k = np.hypot(*north.T), np.hypot(*east.T)
        areal = east[:, 0] * north[:, 1] - east[:, 1] * north[:, 0]
        total = np.sqrt(np.maximum(h * h + k * k + 2 * areal, 1e-300))
        half = np.sqrt(np.maximum(h * h + k * k - 2 * areal, 0)) / total
        truth = np.column_stack([h, k, areal, 2 * np.arcsin(np.clip(half, 0, 1))])
        # The areal scale of a squeezed place is a difference of large products.
        truth[~smooth | (areal < 0.02 * np.maximum(h, k)**2)] = np.nan
        return truth

    def closed_scales(self):
        """Sinusoidal: Snyder (1987), eqs. 30-11 to 30-13. Equal-area: areal scale 1, h and k from PROJ's stencil."""
        if self.name == "lambert-azimuthal-equal-area":
            truth = self.stencil()
            return np.column_stack([truth[:, 0], truth[:, 1], np.where(np.isnan(truth[:, 0]), np.nan, 1.0), truth[:, 3]])
        lam = np.radians((self.places[:, 0] - np.degrees(self.question["projection"]["longitude_rad"]) + 180) % 360 - 180)
        shear = lam * np.sin(np.radians(self.graphic))
        h = np.hypot(1, shear)
        return np.column_stack([h, np.ones_like(h), np.ones_like(h), 2 * np.arctan(np.abs(shear) / 2)])

    def check_names(self, tally, answer, keep, here):
        lon, lat = self.places[keep, 0], self.graphic[keep]
        
        def compare(kind, x, y):
            found = np.full_like(self.points, np.nan)
            found[keep] = np.column_stack([x, y])
            tally.add(kind, self.name, self.off(found, self.points)[keep], here(keep))

        compare("proj string", *Proj(answer["proj"])(lon, lat))
        try:
            crs = CRS.from_wkt(answer["wkt2"])
        except CRSError as error:
            tally.disagree.append(f"{self.title}: WKT 2 is refused: {error}")
            return
        compare("WKT 2", *Transformer.from_crs(crs.geodetic_crs, crs, always_xy=True).transform(lon, lat))
        if answer["code"] is None:
            return
        listed = CRS.from_authority("IAU_2015", answer["code"])
        if (listed.name, listed.geodetic_crs.name) != (crs.name, crs.geodetic_crs.name):
            tally.disagree.append(f"{self.title}: {answer['code']} is named {listed.name}, not {crs.name}")
        compare("IAU code", *Transformer.from_crs(listed.geodetic_crs, listed, always_xy=True).transform(lon, lat))


def cases(draws):
    chance = np.random.default_rng(2015)
    for body, radii in SPHEROIDS.items():
        for round_number in range(4):
            for name, parameters, proj in methods(radii, chance, round_number):
                if radii[0] == radii[1] or name not in SPHERE_ONLY:
                    yield Case(body, name, parameters, proj, chance, draws)


def geotiff(keys):
    """The bytes of a one-pixel TIFF with the keys, as GDAL reads coordinate systems."""
    directory, doubles, ascii_text = [], [], ""

    def double(key, value):
        directory.append((key, 34736, 1, len(doubles)))
        doubles.append(value)

    def text(key, value):
        nonlocal ascii_text
        directory.append((key, 34737, len(value), len(ascii_text)))
        ascii_text += value

    for key, value in ((1024, 1), (1025, 1), (2048, 32767), (2050, 32767), (2054, 9102), (2056, 32767), (3072, 32767), (3074, 32767),
                       (3075, keys["method"]), (3076, 9001)):
        directory.append((key, 0, 1, value))
    text(1026, keys["name"] + "|")
    text(2049, f"GCS Name = {keys['geographic']}|Datum = {keys['datum']}|Ellipsoid = {keys['datum']}|Primem = Reference Meridian||")
    text(3073, keys["name"] + "|")
    for key, value in [(2057, keys["radii_m"][0]), (2058, keys["radii_m"][1]), (2061, 0.0), *keys["parameters"]]:
        double(key, value)
    directory = [n for entry in [(1, 1, 0, len(directory)), *sorted(directory)] for n in entry]
    tags = [(256, 3, [1]), (257, 3, [1]), (258, 3, [8]), (259, 3, [1]), (262, 3, [1]), (273, 4, [8]), (277, 3, [1]), (278, 3, [1]), (279, 4, [1]),
            (33550, 12, [1.0, 1.0, 0.0]), (33922, 12, [0.0] * 6), (34735, 3, directory), (34736, 12, doubles),
            (34737, 2, (ascii_text + "\0").encode())]
    entries, extra, at = b"", b"", 10 + 2 + 12 * len(tags) + 4
    for tag, kind, values in tags:
        data = values if kind == 2 else struct.pack(f"<{len(values)}{({3: 'H', 4: 'I', 12: 'd'}[kind])}", *values)
        entries += struct.pack("<HHI", tag, kind, len(values))
        entries += data.ljust(4, b"\0") if len(data) <= 4 else struct.pack("<I", at + len(extra))
        extra += b"" if len(data) <= 4 else data + b"\0" * (len(data) % 2)
    return b"II*\0" + struct.pack("<I", 10) + b"\0\0" + struct.pack("<H", len(tags)) + entries + b"\0" * 4 + extra


def check_geotiff(program, tally, cases):
    """What GDAL makes of the keys, on the points of PROJ."""
    questions = [case.question["projection"] for case in cases]
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "keys.tif"
        for case, keys in zip(cases, ask(program, questions), strict=True):
            if keys["method"] is None:
                continue
            path.write_bytes(geotiff(keys))
            with rasterio.open(path) as image:
                crs = CRS.from_wkt(image.crs.to_wkt(version="WKT2_2019"))
            good = ~np.isnan(case.points[:, 0]) & (np.degrees(case.antipode) > 5) & (np.abs(case.places[:, 1]) < 89)
            x, y = Transformer.from_crs(crs.geodetic_crs, crs, always_xy=True).transform(case.places[good, 0], case.graphic[good])
            case.largest = np.ones(len(case.places))
            found = np.full_like(case.points, np.nan)
            found[good] = np.column_stack([x, y])
            tally.add("GeoTIFF", case.name, case.off(found, case.points)[good], lambda i, case=case: case.title)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?")
    parser.add_argument("--draws", type=int, default=600, help="random places per projection, besides the special ones")
    options = parser.parse_args()
    program = options.program or programs.example("project")
    tally = Tally()
    everything = list(cases(options.draws))
    for case, answer in zip(everything, ask(program, [case.question for case in everything]), strict=True):
        case.compare(tally, answer)
    check_geotiff(programs.example("geotiff_keys"), tally, everything)
    print(f"{len(everything)} projections")
    return int(tally.report() > 0)


if __name__ == "__main__":
    sys.exit(main())
