package import Primitives

/// Every bound of the transport, with its reason.
package struct TransportLimits: Sendable {
    /// TCP connections accepted at a time, before the descriptor limit is looked at. *Guess*: ten
    /// times a busy overlay.
    package var accepted = 512
    /// TCP connections opened to others at a time.
    package var outgoing = 128
    /// Unix-socket connections at a time: command-line tools of the same user.
    package var local = 32
    /// Descriptors left to the store, Unix sockets and name look-ups when the process may open only
    /// few.
    package var reservedDescriptors = 40
    /// Connections taken from one listener in one turn of the loop.
    package var acceptsPerTurn = 64
    /// Bytes read from a connection at once: the most that `received` hands over. *Measured*: 64
    /// KiB is no faster.
    package var readSize = 16_384
    /// Reads from one connection in one turn, so that one fast peer does not hold up the others.
    package var readsPerTurn = 4
    /// Bytes waiting to be sent above which `send` refuses. A message begun below it is taken
    /// whole.
    package var sendQueue = 1 << 20
    /// Waiting bytes at which `drained` is reported, when there were more.
    package var lowWater = 256 << 10
    /// Bytes that the kernel takes from the queue and cannot send yet. *Measured*: as fast as
    /// without, where it would take 4 MiB for each peer that does not read, and a message sent now
    /// would wait behind them.
    package var kernelQueue = 128 << 10
    /// Bytes a peer must take, or empty the queue, within `stallTime`.
    package var stallProgress = 64 << 10
    /// How long a peer may leave its queue without that progress.
    package var stallTime = Instant.Span.seconds(30)
    /// How long a finished connection waits for the peer to close its side.
    package var lingerTime = Instant.Span.seconds(2)
    /// Bytes of a datagram, sent or received: larger ones are dropped. Ethernet's payload.
    package var datagram = 1500
    /// Datagrams moved by one system call.
    package var datagramBatch = 32
    /// Batches of datagrams read from one socket in one turn.
    package var datagramBatchesPerTurn = 4
    /// Names that are being looked up.
    package var resolutions = 64
    /// Threads that resolve names: two, so that one dead name server does not hold up the next
    /// name.
    package var resolverThreads = 2

    package init() {}
}
