import Glibc
import Wire

/// Many seeds in several processes: one that dies takes only its own seed with it, and that is
/// told as the failure it is.
struct Sweep {
    static let usage = """
          chaos       runs with every fault, each drawn from its seed: safety in each step,
                      then convergence of a random core
            --seed N    the first seed (1)
            --count K   how many (100)
            --jobs J    processes at once (1)
            --twice K   the first K seeds again in other processes, and their digests compared (0)
            --json FILE the report for programs
        """

    private let first: UInt64
    private let end: UInt64
    private let jobs: UInt64
    /// Seeds before this one are run again.
    private let endOfTwice: UInt64
    private let json: String?
    private var lines: [Line] = []
    private var failures: [(seed: UInt64, why: String)] = []
    private let began = Terminal.seconds()

    init(_ options: inout Options) throws(UsageError) {
        first = try options.seed()
        let count = try options.number("--count", 100, in: 1...10_000_000)
        jobs = try options.number("--jobs", 1, in: 1...256)
        let twice = try options.number("--twice", 0, in: 0...count)
        json = try options.text("--json")
        try options.finish()
        let (end, isTooFar) = first.addingReportingOverflow(count)
        if isTooFar { throw UsageError("there are not \(count) seeds from \(first) on") }
        self.end = end
        endOfTwice = first + twice
    }

    mutating func run() -> Int32 {
        lines = runAll(before: end)
        if endOfTwice > first { compare(runAll(before: endOfTwice)) }
        let summary = Summary(lines, failed: failures.count)
        Terminal.line(head + "\n" + summary.text)
        let isWritten = json.map { Terminal.write(report(summary) + "\n", toFile: $0) } ?? true
        return failures.isEmpty && isWritten ? 0 : 1
    }

    // MARK: Processes

    /// A worker, and what of its output is not a whole line yet.
    @safe
    private struct Process {
        let file: UnsafeMutablePointer<FILE>
        var next: UInt64
        var rest: [UInt8] = []
    }

    private mutating func runAll(before end: UInt64) -> [Line] {
        var found: [Line] = []
        var processes: [Process] = []
        for job in 0..<jobs where job < end - first {
            if let process = start(first + job, end) { processes.append(process) }
        }
        while !processes.isEmpty {
            var waiting = processes.map {
                unsafe pollfd(fd: fileno($0.file), events: Int16(POLLIN), revents: 0)
            }
            if unsafe poll(&waiting, UInt(waiting.count), -1) < 0 { continue }
            for at in processes.indices.reversed() where waiting[at].revents != 0 {
                if read(&processes[at], into: &found) { continue }
                if let again = ended(processes.remove(at: at), end) { processes.append(again) }
            }
        }
        return found.sorted { $0.seed < $1.seed }
    }

    private func start(_ seed: UInt64, _ end: UInt64) -> Process? {
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
            process.next = line.seed.addingReportingOverflow(jobs).partialValue
            found.append(line)
            if let failure = line.failure { fail(line.seed, failure) }
            if found.count % 1_000 == 0 { tellProgress(found.count) }
        }
        return true
    }

    /// Another worker for what is left, when this one died of a seed.
    private mutating func ended(_ process: Process, _ end: UInt64) -> Process? {
        let status = unsafe pclose(process.file)
        if status == 0 { return nil }
        fail(process.next, "the process died, status \(status)")
        guard end - process.next > jobs else { return nil }
        return start(process.next + jobs, end)
    }

    // MARK: Telling

    private mutating func fail(_ seed: UInt64, _ why: String) {
        // Once, also when it is run twice.
        if failures.contains(where: { $0.seed == seed }) { return }
        failures.append((seed, why))
        Terminal.line("FAILED  \(Program.path) replay \(seed)    # \(why)")
    }

    private mutating func compare(_ others: [Line]) {
        for (one, other) in zip(lines, others)
        where one.seed != other.seed || one.digest != other.digest {
            fail(one.seed, "two runs differ: \(one.digest), \(other.digest)")
        }
    }

    private func tellProgress(_ done: Int) {
        let seconds = Int(Terminal.seconds() - began)
        Terminal.error("\(done) seeds, \(failures.count) failed, \(seconds) s")
    }

    private var head: String {
        let twice = endOfTwice > first ? ", the first \(endOfTwice - first) of them twice" : ""
        return "seeds \(first) to \(end - 1)\(twice), in \(Int(Terminal.seconds() - began)) s with "
            + "\(jobs) process\(jobs == 1 ? "" : "es")"
    }

    private func report(_ summary: Summary) -> String {
        let failures = failures.sorted { $0.seed < $1.seed }.map {
            JSONText.object([("seed", "\($0.seed)"), ("why", JSONText.string($0.why))])
        }
        return JSONText.object(
            [
                ("first", "\(first)"), ("count", "\(end - first)"),
                ("twice", "\(endOfTwice - first)"),
                ("seconds", JSONText.number(Terminal.seconds() - began)), ("jobs", "\(jobs)"),
                ("failures", JSONText.array(failures)),
            ] + summary.members)
    }
}
