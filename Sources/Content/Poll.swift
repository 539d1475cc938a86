package import MerkleLog
package import Primitives
import Wire

/// A question to whoever reads the note.
package struct Poll: Hashable, Sendable {
    package let options: [String]
    /// Votes that claim a later time do not count.
    package let closing: UnixTime
    /// Whether a vote may name several options.
    package let isMultiple: Bool

    package init(
        options: [String], closing: UnixTime, isMultiple: Bool = false
    ) throws(ContentError) {
        try Checks.count(options.count, ContentLimits.pollOptions, "a poll", of: "options")
        for option in options {
            try Checks.size(option, ContentLimits.pollOption, "an option of a poll")
        }
        try Checks.distinct(options.map { Array($0.utf8) }, "a poll")
        try Checks.number(
            closing.milliseconds, 0...UnixTime.latest.milliseconds, "the end of a poll")
        self.options = options
        self.closing = closing
        self.isMultiple = isMultiple
    }

    /// Whether a vote for these options counts in this poll: `[CONT-22]`.
    package func accepts(_ vote: Vote) -> Bool {
        vote.options.allSatisfy { $0 < options.count } && (isMultiple || vote.options.count == 1)
    }
}

extension Poll {
    var encoded: [UInt8] {
        var writer = FieldWriter()
        writer.texts(1, options)
        writer.uint(2, closing.milliseconds)
        if isMultiple { writer.bool(3, true) }
        return writer.encoded
    }

    init(from reader: inout FieldReader) throws(ContentError) {
        var options: [String] = []
        var closing: UnixTime?
        var isMultiple = false
        try reader.fields { (number, reader) throws(ContentError) in
            switch number {
            case 1:
                options = try reader.texts(
                    ContentLimits.pollOptions, of: ContentLimits.pollOption)
            case 2: closing = try reader.time()
            case 3:
                isMultiple = try reader.bool()
                // One spelling: a poll with one choice says nothing.
                if !isMultiple { throw .malformed(.notCanonical) }
            default: try reader.skip()
            }
        }
        guard let closing else { throw .refused("a poll has an end") }
        try self.init(options: options, closing: closing, isMultiple: isMultiple)
    }
}

/// What somebody chose in a poll.
package struct Vote: Hashable, Sendable {
    /// The note with the poll.
    package let poll: Reference
    /// Places of the options chosen, from 0, ascending.
    package let options: [Int]

    package init(poll: Reference, options: [Int]) throws(ContentError) {
        try Checks.count(options.count, ContentLimits.votes, "a vote", of: "options")
        var least = 0
        for option in options {
            guard option >= least, option < ContentLimits.pollOptions.upperBound else {
                throw .refused("a vote names different options of 16, in ascending order")
            }
            least = option + 1
        }
        self.poll = poll
        self.options = options
    }
}

extension Vote {
    var encoded: [UInt8] {
        var writer = FieldWriter()
        writer.reference(1, poll)
        writer.list(2, options) { $1.uint($0) }
        return writer.encoded
    }

    init(from reader: inout FieldReader) throws(ContentError) {
        var poll: Reference?
        var options: [Int] = []
        try reader.fields { (number, reader) throws(ContentError) in
            switch number {
            case 1: poll = try reader.reference()
            case 2:
                options = try reader.list(ContentLimits.votes) {
                    (reader) throws(ContentError) in
                    try reader.count(max: ContentLimits.pollOptions.upperBound - 1)
                }
            default: try reader.skip()
            }
        }
        guard let poll else { throw .refused("a vote names a poll") }
        try self.init(poll: poll, options: options)
    }
}
