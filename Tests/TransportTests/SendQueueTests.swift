import CLinux
import Primitives
import Testing

@testable import Transport

@Suite struct SendQueueTests {
    /// Whatever is put in, in pieces of any size, comes out in order, however little is taken at a
    /// time.
    @Test func bytesComeOutInOrder() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("send queue seed: \(seed)")
        var random = SeededRandom(seed: seed)
        var queue = SendQueue()
        var model: [UInt8] = []
        for _ in 0..<2000 {
            let sizes = [0, 1, 100, 4096, 4097, 20_000]
            let bytes = random.bytes(
                Int.random(in: 0...sizes[Int(random.next() % 6)], using: &random))
            queue.append(bytes)
            model += bytes
            #expect(queue.count == model.count)
            guard !queue.isEmpty, random.next() % 3 == 0 else { continue }
            let seen = gather(&queue)
            #expect(!seen.isEmpty)
            #expect(model.starts(with: seen))
            let taken = Int.random(in: 0...seen.count, using: &random)
            queue.consume(taken)
            model.removeFirst(taken)
        }
        while !queue.isEmpty {
            let seen = gather(&queue)
            #expect(model.starts(with: seen))
            queue.consume(seen.count)
            model.removeFirst(seen.count)
        }
        #expect(model.isEmpty)
    }

    private func gather(_ queue: inout SendQueue) -> [UInt8] {
        unsafe queue.withVectors { vectors in
            var out: [UInt8] = []
            for index in 0..<vectors.count {
                let vector = unsafe vectors[index]
                unsafe out += UnsafeRawBufferPointer(start: vector.iov_base, count: vector.iov_len)
            }
            return out
        }
    }

    /// A million one-byte messages leave in a few pieces.
    @Test func smallMessagesAreCollected() {
        var queue = SendQueue()
        for i in 0..<100_000 { queue.append([UInt8(truncatingIfNeeded: i)]) }
        var pieces = 0
        while !queue.isEmpty {
            unsafe queue.withVectors { pieces += $0.count }
            queue.consume(gather(&queue).count)
        }
        #expect(pieces <= 10)
    }
}
