import Primitives

/// Finds the objects of one array in JSON that comes in pieces, however long the whole is.
///
/// It only counts brackets and knows strings: what is inside of an object is read by a parser, to
/// which goes no more than `Limits.Archive.item` bytes at once.
struct ItemSplitter {
    /// The member of the outermost object that holds the array; nil when the array stands alone
    /// (behind what a script would assign it to).
    private let member: [UInt8]?
    private var depth = 0
    /// Where the array's items stand; 0 before it has begun.
    private var itemDepth = 0
    private var isDone = false
    private var isInString = false
    private var isEscaped = false
    /// The last string at the depth of the outermost object's names.
    private var name: [UInt8] = []
    private var item: [UInt8] = []
    private var items = 0

    init(member: String? = nil) { self.member = member.map { Array($0.utf8) } }

    /// Whether the array has begun: a file without one is another file.
    var hasBegun: Bool { itemDepth > 0 }

    mutating func take(
        _ bytes: ArraySlice<UInt8>, _ body: ([UInt8]) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        for byte in bytes where !isDone {
            let isInside = itemDepth > 0 && depth > itemDepth
            if isInside {
                item.append(byte)
                guard item.count <= Limits.Archive.item else {
                    throw .refused("a post in the archive is longer than any can be")
                }
            }
            if isInString {
                takeString(byte)
                continue
            }
            switch byte {
            case UInt8(ascii: "\""):
                isInString = true
                if depth == 1 { name = [] }
            case UInt8(ascii: "{"), UInt8(ascii: "["): try open(byte)
            case UInt8(ascii: "}"), UInt8(ascii: "]"): try close(body)
            default: continue
            }
        }
    }

    private mutating func takeString(_ byte: UInt8) {
        if isEscaped {
            isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
            isInString = false
            return
        }
        if depth == 1, name.count < Limits.Archive.name { name.append(byte) }
    }

    private mutating func open(_ byte: UInt8) throws(ArchiveError) {
        depth += 1
        guard depth <= Limits.Archive.depth else {
            throw .refused("the archive's JSON nests deeper than any that is known")
        }
        if itemDepth == 0, byte == UInt8(ascii: "["),
            member == nil ? depth == 1 : depth == 2 && name == member
        {
            itemDepth = depth
        } else if itemDepth > 0, depth == itemDepth + 1 {
            item = [byte]
        }
    }

    private mutating func close(
        _ body: ([UInt8]) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        guard depth > 0 else { throw .unreadable("the archive's JSON is broken") }
        depth -= 1
        if itemDepth > 0, depth == itemDepth {
            items += 1
            guard items <= Limits.Archive.items else {
                throw .refused("the archive has more posts than any person has written")
            }
            let whole = item
            item = []
            try body(whole)
        } else if itemDepth > 0, depth < itemDepth {
            isDone = true
        }
    }
}
