import Glibc

/// What came out of several repetitions.
struct Figure {
    let best: Double
    let worst: Double
    let repetitions: Int

    init(_ values: [Double], lessIsBetter: Bool = false) {
        let (low, high) = (values.min() ?? .nan, values.max() ?? .nan)
        best = lessIsBetter ? low : high
        worst = lessIsBetter ? high : low
        repetitions = values.count
    }

    init(_ value: Double) { self.init([value]) }

    var spreadText: String {
        guard repetitions > 1, best != 0 else { return "" }
        return "\(Int((abs(worst - best) / best * 100).rounded()))%"
    }
}

enum Clock {
    /// Seconds from an arbitrary start.
    static func now() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

enum Measure {
    /// How often `body` runs in a second: as many runs as fit `seconds`, several times.
    static func rate(
        repetitions: Int, seconds: Double, portion: Int = 64, _ body: (Int) throws -> Void
    ) rethrows -> Figure {
        var values: [Double] = []
        var number = 0
        for _ in 0..<repetitions {
            let start = Clock.now()
            var count = 0
            var end = start
            repeat {
                for _ in 0..<portion {
                    try body(number)
                    number += 1
                }
                count += portion
                end = Clock.now()
            } while end - start < seconds
            values.append(Double(count) / (end - start))
        }
        return Figure(values)
    }

    static func seconds(_ body: () throws -> Void) rethrows -> Double {
        let start = Clock.now()
        try body()
        return Clock.now() - start
    }
}

/// What was measured on.
enum Machine {
    /// Processor, cores, and the load average, which is work of others when the run begins.
    static var description: String {
        let lines = Files.read("/proc/cpuinfo")?.split(separator: "\n") ?? []
        let model = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last
        let load = Files.read("/proc/loadavg")?.split(separator: " ").first
        let cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        let name = model?.drop { $0 == " " } ?? "unknown processor"
        return "\(name), \(cores) cores, load \(load ?? "?")"
    }
}
