import Glibc
import Primitives

/// What a file system has left for this user.
package struct DiskSpace: Hashable, Sendable {
    /// Bytes free, and bytes in all.
    package var free: UInt64
    package var total: UInt64

    /// Of the file system that `path` lies on; nil when it does not say.
    package init?(of path: String) {
        var out = statvfs()
        guard unsafe statvfs(path, &out) == 0 else { return nil }
        let unit = UInt64(out.f_frsize)
        free = UInt64(out.f_bavail).multipliedReportingOverflow(by: unit).partialValue
        total = UInt64(out.f_blocks).multipliedReportingOverflow(by: unit).partialValue
    }

    /// Below this much free, nothing of others is stored.
    package var lowWater: UInt64 {
        min(Limits.Storage.mostFree, max(Limits.Storage.leastFree, total / 50))
    }

    package var isLow: Bool { free < lowWater }
}
