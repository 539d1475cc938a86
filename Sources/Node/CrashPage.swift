import CLinux
import Glibc
import MerkleLog
import Mesh
import Primitives
import Synchronization

/// Where the handler finds the page; 0 while nobody watches. A handler may do no more than read it.
private let crashWatch = Atomic<UInt>(0)

private func noteCrash(_ number: Int32) {
    guard
        let watch = unsafe UnsafeMutablePointer<starling_crash_watch>(
            bitPattern: crashWatch.load(ordering: .relaxed))
    else { return }
    unsafe starling_note_crash(watch, number)
}

/// Whose input the node is working on, on a page of a file that outlives a crash of the process:
/// writing it costs some stores to memory, and the kernel keeps them.
///
/// It blames only after a trap, which the signal's handler notes here: a node that was killed, or
/// lost its power, accuses nobody. Words of eight bytes, in the machine's own order: 0 the signal
/// that ended the process, 1 when, 2 what is known of the suspect (bits), 3 when its input was
/// handed over, 4 its X25519 key, 8 its node key, 12 its address.
@safe
final class CrashPage {
    private let words: UnsafeMutablePointer<UInt64>
    private static let size = 4_096
    private var isWatching = false
    private enum Known {
        static let address: UInt64 = 1
        static let key: UInt64 = 2
        static let node: UInt64 = 4
        /// It is being worked on.
        static let atWork: UInt64 = 8
    }

    /// The page in the file at `path`, made where there is none.
    init(path: String) throws(NodeError) {
        let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW
        let descriptor = unsafe open(path, flags, 0o600)
        guard descriptor >= 0 else {
            throw .store("cannot open \(path): \(DirectoryLock.message(errno))")
        }
        defer { close(descriptor) }
        guard ftruncate(descriptor, Self.size) == 0,
            let page = unsafe mmap(
                nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
            unsafe page != MAP_FAILED
        else { throw .store("cannot map \(path): \(DirectoryLock.message(errno))") }
        unsafe words = page.bindMemory(to: UInt64.self, capacity: Self.size / 8)
    }

    deinit {
        // A process that has watched once keeps its page: its traps may come at any time.
        if !isWatching { unsafe munmap(words, Self.size) }
    }

    /// From now on, traps of this process are noted. One page of a process is watched, its first.
    func watch() {
        let watch = UnsafeMutablePointer<starling_crash_watch>.allocate(capacity: 1)
        let (isFirst, _) = crashWatch.compareExchange(
            expected: 0, desired: UInt(bitPattern: watch), ordering: .sequentiallyConsistent)
        guard isFirst else { return unsafe watch.deallocate() }
        isWatching = true
        unsafe starling_watch_crashes(watch, words, noteCrash)
    }

    /// The signal that the last process died of, and whose input came right before.
    var crash: (signal: UInt64, suspect: Suspect?)? {
        let signal = self[0]
        if signal == 0 { return nil }
        let (known, handed) = (self[2], Instant(nanoseconds: self[3]))
        let isRecent = Instant(nanoseconds: self[1]) - handed <= Limits.Quarantine.reach
        guard known & Known.atWork != 0 || isRecent else { return (signal, nil) }
        var suspect = Suspect()
        if known & Known.address != 0 {
            suspect.address = IPAddress(high: self[12], low: self[13])
        }
        if known & Known.key != 0 { suspect.key = bytes(at: 4) }
        if known & Known.node != 0 { suspect.node = bytes(at: 8) }
        return (signal, suspect == Suspect() ? nil : suspect)
    }

    /// Forgets what stands there.
    func clear() {
        for word in 0..<16 { self[word] = 0 }
    }

    /// Work on the input of `suspect` begins; on nobody's when it is nil.
    func begin(_ suspect: Suspect?, at now: Instant) {
        guard let suspect else {
            self[2] = 0
            return
        }
        var known = Known.atWork
        if let address = suspect.address {
            known |= Known.address
            (self[12], self[13]) = (address.high, address.low)
        }
        if let key = suspect.key {
            known |= Known.key
            put(key, at: 4)
        }
        if let node = suspect.node {
            known |= Known.node
            put(node, at: 8)
        }
        self[3] = now.nanoseconds
        self[2] = known
    }

    /// That work is done; what follows from it may not be.
    func end() { self[2] &= ~Known.atWork }

    private subscript(word: Int) -> UInt64 {
        get { unsafe words[word] }
        set { unsafe words[word] = newValue }
    }

    private func put(_ value: Bytes32, at word: Int) {
        (self[word], self[word + 1]) = (value.w0, value.w1)
        (self[word + 2], self[word + 3]) = (value.w2, value.w3)
    }

    private func bytes(at word: Int) -> Bytes32 {
        Bytes32(self[word], self[word + 1], self[word + 2], self[word + 3])
    }
}
