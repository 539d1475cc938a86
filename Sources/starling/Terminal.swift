import Glibc

/// What people see: lines on standard output, complaints and progress on standard error.
enum Terminal {
    static func line(_ text: String) { write(1, text + "\n") }

    static func text(_ text: String) { write(1, text) }

    static func error(_ text: String) { write(2, "starling: " + text + "\n") }

    static func note(_ text: String) { write(2, text + "\n") }

    /// Whether somebody watches standard error.
    static let isWatched = isatty(2) == 1

    /// A line that is typed and not shown; nil when nobody is at a terminal.
    static func secret(_ question: String) -> String? {
        guard isatty(0) == 1 else { return nil }
        write(2, question)
        var before = termios()
        guard unsafe tcgetattr(0, &before) == 0 else { return nil }
        var silent = before
        silent.c_lflag &= ~tcflag_t(ECHO)
        _ = unsafe tcsetattr(0, TCSAFLUSH, &silent)
        defer {
            _ = unsafe tcsetattr(0, TCSAFLUSH, &before)
            write(2, "\n")
        }
        return readLine()
    }

    private static func write(_ descriptor: Int32, _ text: String) {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(
                    descriptor, $0.baseAddress.unsafelyUnwrapped + sent, bytes.count - sent)
            }
            if count < 0 && errno == EINTR { continue }
            // A reader that went away (| head) is no error of ours.
            if count <= 0 { exit(descriptor == 1 ? 0 : 1) }
            sent += count
        }
    }

    /// Text of strangers without what could steer the terminal: control characters, and the marks
    /// that reorder or hide what follows them.
    static func safe(_ text: String, lines: Bool = false) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x0a where lines: out.unicodeScalars.append(scalar)
            case 0..<0x20, 0x7f..<0xa0, 0x2028, 0x2029: out += " "
            case 0x202a...0x202e, 0x2066...0x2069, 0x200e, 0x200f, 0x061c, 0xfeff: continue
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}

/// Says how far a long piece of work is, once it takes over a second and somebody watches.
struct Progress {
    private let what: String
    private let start = Progress.seconds()
    private var shown = false
    private var last = 0.0

    init(_ what: String) { self.what = what }

    mutating func show(_ done: UInt64, of total: UInt64?) {
        let now = Progress.seconds()
        guard Terminal.isWatched, now - start > 1, now - last > 0.1 else { return }
        last = now
        shown = true
        let rate = UInt64(Double(done) / (now - start))
        let share = total.map { $0 > 0 ? " of \($0) (\(done * 100 / $0) %)" : "" } ?? ""
        Self.write("\r\u{1b}[K\(what): \(done)\(share), \(rate) a second")
    }

    /// Clears the line.
    func end() {
        if shown { Self.write("\r\u{1b}[K") }
    }

    private static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe Glibc.write(2, bytes, bytes.count)
    }

    private static func seconds() -> Double {
        var now = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
    }
}
