import Glibc

/// Many seeds in several processes: one that dies takes only its own seed with it, and that is
/// told as the failure it is.
struct Sweep {
    private let first: UInt64
    private let end: UInt64
    private let jobs: UInt64
    private let isTwice: Bool
    private var lines: [Line] = []
    private var failures: [(seed: UInt64, why: String)] = []
    private let began = Terminal.seconds()

    init(_ options: inout Options) throws(UsageError) {
        first = try options.number("--seed", 1)
        end = first + (try options.number("--count", 100))
        jobs = max(1, try options.number("--jobs", 1))
        isTwice = options.flag("--twice")
        try options.finish()
    }

    mutating func run() -> Int32 {
        lines = runAll()
        if isTwice { compare(runAll()) }
        report()
        return failures.isEmpty ? 0 : 1
    }

    // MARK: Processes

    /// A worker, and what of its output is not a whole line yet.
    @safe
    private struct Process {
        let file: UnsafeMutablePointer<FILE>
        var next: UInt64
        var rest: [UInt8] = []
    }

    private mutating func runAll() -> [Line] {
        var found: [Line] = []
        var processes: [Process] = []
        for job in 0..<jobs where first + job < end {
            if let process = start(first + job) { processes.append(process) }
        }
        while !processes.isEmpty {
            var waiting = processes.map {
                unsafe pollfd(fd: fileno($0.file), events: Int16(POLLIN), revents: 0)
            }
            if unsafe poll(&waiting, UInt(waiting.count), -1) < 0 { continue }
            for at in processes.indices.reversed() where waiting[at].revents != 0 {
                if read(&processes[at], into: &found) { continue }
                if let again = ended(processes.remove(at: at)) { processes.append(again) }
            }
        }
        return found.sorted { $0.seed < $1.seed }
    }

    private func start(_ seed: UInt64) -> Process? {
        let command =
            "exec '\(Program.path)' chaos-worker --seed \(seed) --end \(end) --step \(jobs)"
        guard let file = unsafe popen(command, "r") else { return nil }
        return unsafe Process(file: file, next: seed)
    }

    /// False at the end of the worker's output.
    private mutating func read(_ process: inout Process, into found: inout [Line]) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe Glibc.read(fileno(process.file), &buffer, buffer.count)
        if count < 0 && errno == EINTR { return true }
        guard count > 0 else { return false }
        process.rest += buffer[..<count]
        while let newline = process.rest.firstIndex(of: 0x0a) {
            let text = String(decoding: process.rest[..<newline], as: UTF8.self)
            process.rest.removeFirst(newline + 1)
            guard let line = Line(text[...]) else { continue }
            process.next = line.seed + jobs
            found.append(line)
            if let failure = line.failure { fail(line.seed, failure) }
        }
        return true
    }

    /// Another worker for what is left, when this one died of a seed.
    private mutating func ended(_ process: Process) -> Process? {
        let status = unsafe pclose(process.file)
        if status == 0 { return nil }
        fail(process.next, "the process died, status \(status)")
        return process.next + jobs < end ? start(process.next + jobs) : nil
    }

    // MARK: Telling

    private mutating func fail(_ seed: UInt64, _ why: String) {
        failures.append((seed, why))
        Terminal.line("FAILED  \(Program.path) replay \(seed)    # \(why)")
    }

    private mutating func compare(_ others: [Line]) {
        for (one, other) in zip(lines, others)
        where one.seed != other.seed || one.digest != other.digest {
            fail(one.seed, "two runs differ: \(one.digest), \(other.digest)")
        }
    }

    private func report() {
        let seconds = Terminal.seconds() - began
        func sum(_ name: String) -> UInt64 { lines.reduce(0) { $0 + $1.number(name) } }
        let times = lines.filter { $0.failure == nil }.map { $0.number("converged ms") }.sorted()
        func part(_ part: Int) -> UInt64 {
            times.isEmpty ? 0 : times[min(times.count - 1, times.count * part / 100)] / 1_000
        }
        Terminal.line(
            """
            \(lines.count) seeds from \(first), \(failures.count) failed, \
            \(isTwice ? "each run twice, " : "")in \(Int(seconds)) s with \(jobs) processes
            \(sum("nodes")) nodes, \(sum("posts")) posts, \(sum("crashes")) crashes, \
            \(sum("restores")) restores, \(sum("cuts")) partitions, \(sum("liars")) liars, \
            \(sum("forks")) fork proofs, \(sum("unnoticed")) forks unnoticed
            \(sum("steps")) events, \(sum("virtual s")) virtual seconds; converged after \
            \(part(50)) s (median), \(part(99)) s (99 %), \(part(100)) s (last)
            """)
    }
}
