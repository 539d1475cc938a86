import CLinux
import Glibc
import Primitives

/// What the node tells whoever watches its terminal or its service's log: one line each, on stderr.
package struct Journal: Sendable {
    /// Says nothing: the command line opened the node only to do one thing.
    let isQuiet: Bool

    func say(_ line: String) {
        if isQuiet { return }
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        var parts = unsafe tm()
        _ = unsafe localtime_r(&now.tv_sec, &parts)
        func two(_ n: Int32) -> String { n < 10 ? "0\(n)" : "\(n)" }
        let stamp =
            "\(two(unsafe parts.tm_hour)):\(two(unsafe parts.tm_min)):\(two(unsafe parts.tm_sec))"
        // One line whatever a peer called itself: control characters do not reach the terminal.
        let clean = String(line.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7f })
        let bytes = Array("\(stamp)  \(clean)\n".utf8)
        _ = unsafe write(2, bytes, bytes.count)
    }
}
