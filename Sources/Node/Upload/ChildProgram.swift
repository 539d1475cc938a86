import CLinux
import Glibc

/// One run of a program of the system, on bytes that nobody has checked.
///
/// A process of its own: whatever the bytes do to it, this one goes on. It gets neither this
/// process's descriptors nor its environment, and has bounds of memory, time and file size.
enum ChildProgram {
    /// What came of it.
    struct Outcome {
        /// The exit code; nil when a signal or the deadline ended it.
        var code: Int32?
        var output: [UInt8] = []

        var text: String { String(decoding: output, as: UTF8.self) }
    }

    /// Bytes of memory, seconds of processor and of waiting, bytes of output.
    static let memory = 1 << 30
    static let processorSeconds = 60
    static let patience: Int32 = 120
    static let outputLimit = 64 << 10

    /// Where Debian puts programs. Never the owner's PATH.
    static func find(_ name: String) -> String? {
        ["/usr/bin/\(name)", "/bin/\(name)"].first { unsafe access($0, X_OK) == 0 }
    }

    /// Runs a program with its words; nil when it cannot be started. Error output goes nowhere.
    static func run(_ program: String, _ words: [String], largestFile: UInt64) -> Outcome? {
        // util-linux's, which every Debian has: posix_spawn sets no bounds.
        guard let limiter = find("prlimit") else { return nil }
        let all =
            [
                limiter, "--as=\(memory)", "--cpu=\(processorSeconds)", "--core=0",
                "--fsize=\(largestFile)", "--nofile=32", program,
            ] + words
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe2(&ends, O_CLOEXEC) == 0 else { return nil }
        defer { close(ends[0]) }
        let started = start(all, output: ends[1])
        close(ends[1])
        guard let process = started else { return nil }
        var outcome = Outcome()
        let isWhole = read(ends[0], into: &outcome.output)
        if !isWhole { kill(-process, SIGKILL) }
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0 && errno == EINTR {}
        if isWhole && status & 0x7f == 0 { outcome.code = status >> 8 & 0xff }
        return outcome
    }

    private static func start(_ words: [String], output: Int32) -> pid_t? {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // This process blocks signals so that one thread gets them; the child takes its own.
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
        let arguments = unsafe words.map { unsafe strdup($0) } + [nil]
        let environment: [String] = ["LC_ALL=C", "PATH=/usr/bin:/bin"]
        let variables = unsafe environment.map { unsafe strdup($0) } + [nil]
        defer {
            unsafe arguments.forEach { unsafe free($0) }
            unsafe variables.forEach { unsafe free($0) }
        }
        var process: pid_t = 0
        let code = unsafe posix_spawn(
            &process, words[0], &actions, &attributes, arguments, variables)
        return code == 0 ? process : nil
    }

    /// Reads to the end; false when the deadline or the bound comes before.
    private static func read(_ descriptor: Int32, into out: inout [UInt8]) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        var left = patience * 1_000
        while left > 0 {
            var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = unsafe Glibc.poll(&poll, 1, min(left, 1_000))
            if ready == 0 {
                left -= 1_000
                continue
            }
            if ready < 0 && errno == EINTR { continue }
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { return count == 0 }
            out += buffer[..<count]
            if out.count > outputLimit { return false }
        }
        return false
    }
}
