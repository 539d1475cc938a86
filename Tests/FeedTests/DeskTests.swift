import Crypto
import Foundation
import Primitives
import Store
import Testing

@testable import Feed

@Suite struct DeskTests {
    private let ann = Bytes32(Array(repeating: 1, count: 32)) ?? .zero
    private let bob = Bytes32(Array(repeating: 2, count: 32)) ?? .zero

    private func path() -> String { NSTemporaryDirectory() + "desk-\(UUID().uuidString).sqlite" }

    @Test func rowsStayAndAreEachReadersOwn() throws {
        let path = path()
        do {
            let desk = try Desk(path: path)
            for id in [5, 1, 3] as [Int64] { try desk.put(.bookmark, of: ann, id, 0, "post \(id)") }
            try desk.put(.bookmark, of: bob, 9)
            try desk.put(.note, of: ann, 5, 0, "first")
            try desk.put(.note, of: ann, 5, 0, "with \0 in it, and \u{1F426}")
            try desk.remove(.bookmark, of: ann, 3)
        }
        let desk = try Desk(path: path)
        #expect(try desk.rows(.bookmark, of: ann).map(\.id) == [5, 1])
        #expect(try desk.rows(.bookmark, of: ann, before: 5).map(\.value) == ["post 1"])
        #expect(try desk.rows(.bookmark, of: ann, after: 1, limit: 1).map(\.id) == [5])
        #expect(try desk.rows(.bookmark, of: bob).map(\.id) == [9])
        #expect(try desk.value(.bookmark, of: bob, 5) == nil)
        #expect(try desk.value(.note, of: ann, 5)?.hasPrefix("with ") == true)
    }

    @Test func rowsBelowOne() throws {
        let desk = try Desk(path: path())
        for sub in 1...4 as ClosedRange<Int64> { try desk.put(.listMember, of: ann, 7, sub) }
        try desk.put(.listMember, of: ann, 8, 1)
        try desk.remove(.listMember, of: ann, 7, 2)
        #expect(try desk.rows(.listMember, of: ann, at: 7).map(\.sub) == [1, 3, 4])
        try desk.removeAll(.listMember, of: ann, 7)
        #expect(try desk.rows(.listMember, of: ann, at: 7).isEmpty)
        #expect(try desk.rows(.listMember, of: ann, at: 8).count == 1)
    }

    /// A reader's own program may go wrong: it cannot fill the disk.
    @Test func thereIsAnEndToIt() throws {
        let desk = try Desk(path: path())
        let most = Int64(Limits.HTTP.deskRows)
        try desk.fill(.dismissed, of: ann, 1...most)
        #expect(throws: StoreError.self) { try desk.put(.dismissed, of: ann, most + 1) }
        try desk.put(.dismissed, of: bob, 1)
        try desk.remove(.dismissed, of: ann, 1)
        try desk.put(.dismissed, of: ann, most + 1)
    }
}

extension Desk {
    fileprivate func fill(
        _ kind: Kind, of account: Bytes32, _ ids: ClosedRange<Int64>
    ) throws {
        for id in ids { try put(kind, of: account, id) }
    }
}
