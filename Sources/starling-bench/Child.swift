import Glibc
import Synchronization

/// A process that this program started.
final class Child {
    let process: pid_t
    private var status: Int32?

    /// Runs `arguments[0]` with its output in files; `environment` comes over this program's own.
    init(
        _ arguments: [String], environment: [String: String] = [:], input: String? = nil,
        output: String = "/dev/null", errors: String = "/dev/null"
    ) throws {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        let writing = O_WRONLY | O_CREAT | O_TRUNC
        unsafe posix_spawn_file_actions_addopen(&actions, 0, input ?? "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 1, output, writing, 0o600)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, errors, writing, 0o600)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // This program blocks signals so that one thread gets them; its children take theirs.
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let words = unsafe Self.copies(arguments)
        let variables = unsafe Self.copies(Self.variables(environment))
        defer { unsafe Self.release(words + variables) }
        var started: pid_t = 0
        let code = unsafe posix_spawnp(
            &started, arguments[0], &actions, &attributes, words, variables)
        guard code == 0 else { throw BenchError.system("cannot start \(arguments[0])", code) }
        process = started
        Children.started(process)
    }

    /// C strings, and the nil that ends their list.
    private static func copies(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
        unsafe texts.map { unsafe strdup($0) } + [nil]
    }

    private static func release(_ texts: [UnsafeMutablePointer<CChar>?]) {
        unsafe texts.forEach { unsafe free($0) }
    }

    private static func variables(_ extra: [String: String]) -> [String] {
        var out = extra.map { "\($0.key)=\($0.value)" }.sorted()
        var next = unsafe environ
        while let pointer = unsafe next.pointee {
            let text = unsafe String(cString: pointer)
            if extra[String(text.prefix { $0 != "=" })] == nil { out.append(text) }
            unsafe next += 1
        }
        return out
    }

    /// Waits for its end and gives its exit code; 128 and the signal's number when one ended it.
    @discardableResult
    func wait() -> Int32 {
        if let status { return status }
        var raw: Int32 = 0
        while unsafe waitpid(process, &raw, 0) < 0 && errno == EINTR {}
        Children.ended(process)
        let code = raw & 0x7f == 0 ? raw >> 8 & 0xff : 128 + raw & 0x7f
        status = code
        return code
    }

    func stop() {
        guard status == nil else { return }
        kill(process, SIGTERM)
        wait()
    }

    var hasEnded: Bool {
        if status != nil { return true }
        var raw: Int32 = 0
        guard unsafe waitpid(process, &raw, WNOHANG) == process else { return false }
        Children.ended(process)
        status = raw >> 8 & 0xff
        return true
    }

    /// Processor seconds so far, of all threads.
    var cpuSeconds: Double {
        guard let text = Files.read("/proc/\(process)/stat"),
            let close = text.lastIndex(of: ")")
        else { return .nan }
        let fields = text[text.index(after: close)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12])
        else { return .nan }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Memory that is resident, in megabytes of 2^20 bytes.
    var residentMegabytes: Double { memory("VmRSS:") }

    /// What of it is the process's own: without the pages of programs and libraries.
    var ownMegabytes: Double { memory("RssAnon:") }

    private func memory(_ field: String) -> Double {
        let lines = Files.read("/proc/\(process)/status")?.split(separator: "\n") ?? []
        let line = lines.first { $0.hasPrefix(field) }
        let number = line?.split(separator: " ").compactMap { Double($0) }.first
        return (number ?? .nan) / 1_024
    }
}

/// All processes under way, so that none outlives an interrupted run.
enum Children {
    private struct State {
        var processes: [pid_t] = []
        var scratch: String?
    }

    private static let state = Mutex(State())

    static func started(_ process: pid_t) { state.withLock { $0.processes.append(process) } }

    static func ended(_ process: pid_t) {
        state.withLock { $0.processes.removeAll { $0 == process } }
    }

    /// What to remove when the run is interrupted.
    static func scratch(_ path: String?) { state.withLock { $0.scratch = path } }

    static func endAll() {
        let (processes, scratch) = state.withLock { ($0.processes, $0.scratch) }
        for process in processes { kill(process, SIGTERM) }
        for process in processes {
            var status: Int32 = 0
            _ = unsafe waitpid(process, &status, 0)
        }
        if let scratch { Files.removeTree(scratch) }
    }

    static func endThemOnSignals() {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGINT)
        unsafe sigaddset(&signals, SIGTERM)
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        var thread = pthread_t()
        unsafe pthread_create(
            &thread, nil,
            { _ in
                var signals = sigset_t()
                unsafe sigemptyset(&signals)
                unsafe sigaddset(&signals, SIGINT)
                unsafe sigaddset(&signals, SIGTERM)
                var number: Int32 = 0
                unsafe sigwait(&signals, &number)
                Children.endAll()
                _exit(128 + number)
            }, nil)
    }
}
