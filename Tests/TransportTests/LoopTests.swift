import Foundation
import Primitives
import Synchronization
import Testing

@testable import Transport

@Suite struct LoopTests {
    @Test func timersFireInOrder() throws {
        let loop = try EventLoop()
        let now = loop.now()
        var fired: [Int] = []
        for n in [5, 1, 4, 2, 3] {
            loop.schedule(at: now + .milliseconds(UInt64(n) * 10)) { fired.append(n) }
        }
        let cancelled = loop.schedule(at: now + .milliseconds(25)) { fired.append(99) }
        loop.schedule(at: now + .milliseconds(10)) { fired.append(10) }  // as early as 1, set later
        loop.schedule(at: Instant(nanoseconds: 0)) { fired.append(0) }  // long due
        loop.schedule(at: Instant(nanoseconds: .max)) { fired.append(-1) }  // never
        loop.cancel(cancelled)
        loop.cancel(cancelled)
        loop.run(while: { fired.count < 7 })
        #expect(fired == [0, 1, 10, 2, 3, 4, 5])
        #expect(loop.now() >= now + .milliseconds(50), "none too early")
    }

    /// A timer that sets itself again for at once does not starve the sockets.
    @Test func timerThatSetsItselfAgainWaitsForTheNextTurn() throws {
        let loop = try EventLoop()
        var count = 0
        func again() {
            count += 1
            if count < 3 { loop.schedule(at: loop.now(), again) }
        }
        again()
        loop.poll(.seconds(1))
        #expect(count == 2)
        loop.poll(.seconds(1))
        #expect(count == 3)
    }

    /// Against a plain sorted list, with cancelling.
    @Test func timerQueueIsASortedList() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("timer queue seed: \(seed)")
        var random = SeededRandom(seed: seed)
        var queue = TimerQueue()
        var model: [(deadline: UInt64, number: Int, token: TimerToken)] = []
        var fired: [Int] = []
        for number in 0..<5000 {
            switch UInt64.random(in: 0..<10, using: &random) {
            case 0..<6:
                let deadline = UInt64.random(in: 0..<1000, using: &random)
                let token = queue.set(Instant(nanoseconds: deadline)) { fired.append(number) }
                model.append((deadline, number, token))
            case 6..<9 where !model.isEmpty:
                let index = Int.random(in: 0..<model.count, using: &random)
                queue.cancel(model.remove(at: index).token)
            default:
                let now = UInt64.random(in: 0..<1000, using: &random)
                fired = []
                while let action = queue.popDue(Instant(nanoseconds: now), upTo: queue.mark) {
                    action()
                }
                let due = model.filter { $0.deadline <= now }
                    .sorted { ($0.deadline, $0.number) < ($1.deadline, $1.number) }
                #expect(fired == due.map(\.number))
                model.removeAll { $0.deadline <= now }
            }
            #expect(queue.count == model.count)
        }
    }

    @Test func stopEndsRun() throws {
        let loop = try EventLoop()
        var turns = 0
        loop.turnEnded = { turns += 1 }
        loop.schedule(at: loop.now() + .milliseconds(5)) { loop.stop() }
        loop.run()
        #expect(turns <= 3)
        #expect(EventLoop.wallClock().milliseconds > 1_700_000_000_000)
    }

    @Test func mailboxLosesNothing() throws {
        let loop = try EventLoop()
        let each = 50_000
        var last = [-1, -1]
        var (total, batches) = (0, 0)
        let mailbox = try loop.makeMailbox(of: (Int, Int).self, capacity: 100) { batch in
            #expect(!batch.isEmpty && batch.count <= 100)
            batches += 1
            for (producer, number) in batch {
                if last[producer] + 1 != number {
                    Issue.record("\(number) after \(last[producer])")
                }
                last[producer] = number
                total += 1
            }
        }
        let refused = Atomic<Int>(0)
        Producers.start(2) { producer in
            for number in 0..<each {
                while !mailbox.post((producer, number)) {
                    refused.add(1, ordering: .relaxed)
                    sched_yield()
                }
            }
        }
        loop.run(while: { total < 2 * each })
        #expect(last == [each - 1, each - 1])
        #expect(batches <= total)
        print(
            "mailbox: \(total) messages in \(batches) batches,",
            "refused \(refused.load(ordering: .relaxed))"
        )
    }

    @Test func mailboxIsBoundedAndCloses() throws {
        var loop: EventLoop? = try EventLoop()
        var got: [Int] = []
        let mailbox = try #require(
            try loop?.makeMailbox(of: Int.self, capacity: 3) { got += $0 })
        #expect((1...5).map { mailbox.post($0) } == [true, true, true, false, false])
        loop?.poll()
        #expect(got == [1, 2, 3])
        #expect(mailbox.post(6))
        mailbox.close()
        #expect(!mailbox.post(7))
        loop?.poll()
        #expect(got == [1, 2, 3, 6], "what was taken is delivered")

        let removed = try #require(try loop?.makeMailbox(of: Int.self, capacity: 3) { got += $0 })
        #expect(removed.post(8))
        loop?.remove(removed)
        #expect(!removed.post(9))
        loop?.poll()
        #expect(got.count == 4)

        let other = try #require(try loop?.makeMailbox(of: Int.self, capacity: 3) { _ in })
        #expect(other.post(1))
        loop = nil
        #expect(!other.post(2), "the loop is gone")
    }

    /// A burst costs one turn, not one for each message.
    @Test func burstWakesTheLoopOnce() throws {
        let loop = try EventLoop()
        var batches: [Int] = []
        let mailbox = try loop.makeMailbox(of: Int.self, capacity: 1000) {
            batches.append($0.count)
        }
        for number in 0..<1000 { _ = mailbox.post(number) }
        loop.run(for: .milliseconds(30))
        #expect(batches == [1000])
    }

    /// In a process of its own: signals are everybody's.
    @Test func signalsArriveInTheLoop() async {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            var heard: [Signal] = []
            try loop.watchSignals([.interrupt, .terminate]) { heard.append($0) }
            kill(getpid(), SIGPIPE)  // ignored
            kill(getpid(), SIGINT)
            loop.run(while: { heard.count < 1 })
            kill(getpid(), SIGTERM)
            loop.run(while: { heard.count < 2 })
            try #require(heard == [.interrupt, .terminate])
        }
    }

    /// Once the loop is gone, a signal ends the process as it always did.
    @Test func signalsAreGivenBack() async {
        await #expect(processExitsWith: .signal(SIGTERM)) {
            do {
                let loop = try EventLoop()
                try loop.watchSignals([.terminate]) { _ in }
            }
            kill(getpid(), SIGTERM)
            sleep(10)
        }
    }
}

/// Threads that post.
enum Producers {
    static func start(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        for number in 0..<count {
            Thread(block: { body(number) }).start()
        }
    }
}
