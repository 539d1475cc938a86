import Glibc
import Primitives

/// The peer that everybody knows: a clone of as many commits, which carry no signatures.
extension Figures {
    static func git(_ bench: Bench) throws {
        guard let programs = output(["git", "--exec-path"], bench),
            Files.exists(programs + "/git-daemon")
        else {
            return Terminal.error("git is not installed: its rows are left out")
        }
        let count = bench.size(300_000, quick: 20_000)
        let base = bench.scratch.fresh("git")
        try Files.makeDirectory(base)
        let repository = base + "/posts.git"
        try run(["git", "init", "--quiet", "--bare", repository])
        let stream = bench.scratch.file("fast-import")
        try writeCommits(count, to: stream)
        try run(["git", "-C", repository, "fast-import", "--quiet"], input: stream)
        Files.removeTree(stream)
        try run(["git", "-C", repository, "repack", "-adq"])
        bench.report.add(
            Row(
                "git-disk", "a repository of as many commits, packed",
                Figure(Double(Files.size(repository + "/objects")) / Double(count)),
                unit: "bytes/post", note: "compressed: these posts repeat each other"))
        let port = 20_000 + Int(getpid()) % 20_000
        let daemon = try Child([
            programs + "/git-daemon", "--listen=127.0.0.1", "--port=\(port)", "--export-all",
            "--base-path=\(base)", base,
        ])
        defer { daemon.stop() }
        pause(milliseconds: 300)
        var values: [Double] = []
        for _ in 0..<bench.repetitions {
            let clone = bench.scratch.fresh("clone")
            let seconds = try Measure.seconds {
                try run([
                    "git", "clone", "--quiet", "--bare", "git://127.0.0.1:\(port)/posts.git", clone,
                ])
            }
            values.append(Double(count) / seconds)
        }
        Files.removeTree(bench.scratch.file("clone"))
        let figure = Figure(values)
        bench.report.add(
            Row(
                "git", "git clone of \(Format.number(Double(count))) commits, unsigned", figure,
                unit: "commits/s", ratios: [try bench.ratio(figure.best, to: .verify)]))
    }

    /// Commits whose messages are the posts, for `git fast-import`.
    private static func writeCommits(_ count: Int, to path: String) throws {
        guard let file = unsafe fopen(path, "w") else {
            throw BenchError.system("cannot write \(path)", errno)
        }
        defer { unsafe fclose(file) }
        for number in 0..<count {
            let time = 1_700_000_000 + number
            let text = Posts.text(number)
            let commit =
                "commit refs/heads/master\nmark :\(number + 1)\n"
                + "committer A <a@example.org> \(time) +0000\ndata \(text.utf8.count)\n\(text)\n"
                + (number == 0 ? "" : "from :\(number)\n") + "\n"
            guard unsafe fputs(commit, file) >= 0 else {
                throw BenchError.system("cannot write \(path)", errno)
            }
        }
    }

    private static func run(_ arguments: [String], input: String? = nil) throws {
        let environment = ["GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"]
        guard try Child(arguments, environment: environment, input: input).wait() == 0 else {
            throw BenchError.failed("\(arguments.prefix(4).joined(separator: " ")) failed")
        }
    }

    /// What a program prints, without the line's end; nil when it cannot be run.
    private static func output(_ arguments: [String], _ bench: Bench) -> String? {
        let path = bench.scratch.file("output")
        guard let child = try? Child(arguments, output: path), child.wait() == 0 else { return nil }
        return Files.read(path).map { String($0.prefix { $0 != "\n" }) }
    }

    static func pause(milliseconds: UInt32) { usleep(milliseconds * 1_000) }
}
