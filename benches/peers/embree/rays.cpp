// SPDX-License-Identifier: MIT OR Apache-2.0
// Peer of row `rays`: Embree 3 with coherent packets of 16 rays (4 x 4 pixels), two threads.
//
// Reads what `facula-bench rays FOLDER …` wrote there, traces the same rays, writes embree_distance.f32,
// embree_facet.u32 and embree_lit.u8, and prints one JSON object with the shortest of its runs.
// g++ -O3 -march=native -std=c++17 rays.cpp -o rays -lembree3 -lpthread
#include <embree3/rtcore.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <functional>
#include <limits>
#include <string>
#include <thread>
#include <vector>

template <class T> std::vector<T> load(const std::string& path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) { std::fprintf(stderr, "cannot read %s\n", path.c_str()); std::exit(2); }
    std::vector<T> data(size_t(file.tellg()) / sizeof(T));
    file.seekg(0);
    file.read(reinterpret_cast<char*>(data.data()), std::streamsize(data.size() * sizeof(T)));
    return data;
}

template <class T> void store(const std::string& path, const std::vector<T>& data) {
    std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(data.data()), std::streamsize(data.size() * sizeof(T)));
}

double seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Calls f(k) for k in 0..count, shared between two threads.
void share(int count, const std::function<void(int)>& f) {
    std::atomic<int> next{0};
    auto work = [&] { for (int k; (k = next++) < count;) f(k); };
    std::thread other(work);
    work();
    other.join();
}

// Time of both threads, which other work on the machine disturbs less.
double cpu_seconds() {
    timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

struct Times { double wall_s, cpu_s; };

Times fastest(int runs, const std::function<void()>& f) {
    Times least{1e300, 1e300};
    for (int k = 0; k < runs; k++) {
        double start = seconds(), cpu_start = cpu_seconds();
        f();
        least.wall_s = std::min(least.wall_s, seconds() - start);
        least.cpu_s = std::min(least.cpu_s, cpu_seconds() - cpu_start);
    }
    return least;
}

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    const std::string folder = std::string(argv[1]) + "/";
    const int runs = 9;
    const bool robust = argc > 2 && std::string(argv[2]) == "robust";
    auto vertices = load<double>(folder + "vertices.f64");
    auto facets = load<uint32_t>(folder + "facets.u32");
    auto looks64 = load<double>(folder + "looks.f64");
    auto camera = load<double>(folder + "camera.f64");
    auto shadow64 = load<double>(folder + "shadow_rays.f64");
    const int side = int(std::lround(std::sqrt(double(looks64.size() / 3))));
    std::vector<float> looks(looks64.begin(), looks64.end()), shadow(shadow64.begin(), shadow64.end());

    RTCDevice device = rtcNewDevice("threads=2");
    RTCScene scene = nullptr;
    auto build = [&] {
        if (scene) rtcReleaseScene(scene);
        scene = rtcNewScene(device);
        rtcSetSceneFlags(scene, robust ? RTC_SCENE_FLAG_ROBUST : RTC_SCENE_FLAG_NONE);
        RTCGeometry mesh = rtcNewGeometry(device, RTC_GEOMETRY_TYPE_TRIANGLE);
        auto* v = static_cast<float*>(rtcSetNewGeometryBuffer(mesh, RTC_BUFFER_TYPE_VERTEX, 0, RTC_FORMAT_FLOAT3, 12, vertices.size() / 3));
        auto* f = static_cast<uint32_t*>(rtcSetNewGeometryBuffer(mesh, RTC_BUFFER_TYPE_INDEX, 0, RTC_FORMAT_UINT3, 12, facets.size() / 3));
        std::copy(vertices.begin(), vertices.end(), v);
        std::copy(facets.begin(), facets.end(), f);
        rtcCommitGeometry(mesh);
        rtcAttachGeometry(scene, mesh);
        rtcReleaseGeometry(mesh);
        rtcCommitScene(scene);
    };
    const Times built = fastest(2, build);

    std::vector<float> distance(size_t(side) * side);
    std::vector<uint32_t> facet(size_t(side) * side);
    const float ox = float(camera[0]), oy = float(camera[1]), oz = float(camera[2]);
    alignas(64) int valid[16];
    for (int& v : valid) v = -1;
    auto primary = [&] {
        share(side / 4, [&](int band) {
            RTCIntersectContext context;
            rtcInitIntersectContext(&context);
            context.flags = RTC_INTERSECT_CONTEXT_FLAG_COHERENT;
            for (int column = 0; column < side; column += 4) {
                RTCRayHit16 packet;
                for (int k = 0; k < 16; k++) {
                    const size_t pixel = size_t(band * 4 + k / 4) * side + column + k % 4;
                    packet.ray.org_x[k] = ox; packet.ray.org_y[k] = oy; packet.ray.org_z[k] = oz;
                    packet.ray.dir_x[k] = looks[3 * pixel]; packet.ray.dir_y[k] = looks[3 * pixel + 1]; packet.ray.dir_z[k] = looks[3 * pixel + 2];
                    packet.ray.tnear[k] = 0; packet.ray.tfar[k] = std::numeric_limits<float>::infinity();
                    packet.ray.time[k] = 0; packet.ray.mask[k] = ~0u; packet.ray.flags[k] = 0; packet.ray.id[k] = 0;
                    packet.hit.geomID[k] = RTC_INVALID_GEOMETRY_ID; packet.hit.primID[k] = RTC_INVALID_GEOMETRY_ID;
                }
                rtcIntersect16(valid, scene, &context, &packet);
                for (int k = 0; k < 16; k++) {
                    const size_t pixel = size_t(band * 4 + k / 4) * side + column + k % 4;
                    facet[pixel] = packet.hit.primID[k];
                    distance[pixel] = packet.ray.tfar[k];
                }
            }
        });
    };
    const Times first = fastest(runs, primary);

    const int rays = int(shadow.size() / 6);
    std::vector<uint8_t> lit(size_t(rays), 0);
    auto shadows = [&] {
        const int batch = 4096;
        share((rays + batch - 1) / batch, [&](int part) {
            RTCIntersectContext context;
            rtcInitIntersectContext(&context);
            context.flags = RTC_INTERSECT_CONTEXT_FLAG_COHERENT;
            for (int first = part * batch; first < std::min(rays, (part + 1) * batch); first += 16) {
                RTCRay16 packet;
                alignas(64) int here[16];
                for (int k = 0; k < 16; k++) {
                    here[k] = first + k < rays ? -1 : 0;
                    const float* ray = &shadow[6 * size_t(std::min(first + k, rays - 1))];
                    packet.org_x[k] = ray[0]; packet.org_y[k] = ray[1]; packet.org_z[k] = ray[2];
                    packet.dir_x[k] = ray[3]; packet.dir_y[k] = ray[4]; packet.dir_z[k] = ray[5];
                    packet.tnear[k] = 0; packet.tfar[k] = std::numeric_limits<float>::infinity();
                    packet.time[k] = 0; packet.mask[k] = ~0u; packet.flags[k] = 0; packet.id[k] = 0;
                }
                rtcOccluded16(here, scene, &context, &packet);
                for (int k = 0; k < 16 && first + k < rays; k++) lit[size_t(first + k)] = packet.tfar[k] >= 0;
            }
        });
    };
    const Times second = fastest(runs, shadows);
    store(folder + "embree_distance.f32", distance);
    store(folder + "embree_facet.u32", facet);
    store(folder + "embree_lit.u8", lit);
    std::printf("{\"build_s\": %.4f, \"primary_s\": %.6f, \"primary_cpu_s\": %.6f, \"primary_mray_s\": %.2f, \"shadow_s\": %.6f, \"shadow_cpu_s\": %.6f, \"shadow_mray_s\": %.2f, \"shadow_rays\": %d}\n",
                built.wall_s, first.wall_s, first.cpu_s, double(side) * side / first.wall_s / 1e6, second.wall_s, second.cpu_s,
                rays / second.wall_s / 1e6, rays);
}
