import Content
import Crypto
import Feed
import MerkleLog
import Primitives
import Store

/// What a client wants to post, as it sent it.
struct Draft: Sendable {
    var text: String
    var replyTo: Int64?
    var quote: Int64?
    var warning: String?
    var language: String?
    var media: [Int64]
    var poll: Question?

    struct Question: Sendable {
        var options: [String]
        var seconds: Int64
        var isMultiple: Bool
    }

    init(_ parameters: Parameters) throws(HTTPFailure) {
        text = Self.lines(try parameters.text("status") ?? "")
        replyTo = try parameters.integer("in_reply_to_id")
        quote = try parameters.integer("quote_id")
        if let id = try parameters.integer("quoted_status_id") { quote = id }
        let spoiler = try parameters.text("spoiler_text") ?? ""
        // A picture that is marked as sensitive without a word gets the word that programs show.
        let isSensitive = try parameters.flag("sensitive") ?? false
        let hasMedia = try !parameters.texts("media_ids").isEmpty
        warning = spoiler.isEmpty ? (isSensitive && hasMedia ? "sensitive" : nil) : spoiler
        let tag = try parameters.text("language") ?? ""
        language = tag.isEmpty ? nil : tag
        media = []
        for id in try parameters.texts("media_ids") {
            guard let id = Int64(id) else {
                throw HTTPFailure(422, "Validation failed: media_ids has no such id")
            }
            media.append(id)
        }
        poll = try parameters.child("poll").map { (poll) throws(HTTPFailure) in
            try Question(poll)
        }
        try Self.checkVisibility(parameters)
    }

    /// Everything here is signed and public: whoever wants less is told so instead of getting it.
    private static func checkVisibility(_ parameters: Parameters) throws(HTTPFailure) {
        switch try parameters.text("visibility") ?? "" {
        case "", "public", "unlisted": break
        case "private", "direct", "limited":
            throw HTTPFailure(
                422, "Validation failed: everything on Starling is public; choose public")
        default: throw HTTPFailure(422, "Validation failed: visibility is unknown")
        }
        if let time = try parameters.text("scheduled_at"), !time.isEmpty {
            throw HTTPFailure(422, "Validation failed: posts cannot be scheduled here")
        }
    }

    /// Line ends as posts have them.
    private static func lines(_ text: String) -> String {
        var out: [UInt8] = []
        var before: UInt8 = 0
        for byte in text.utf8 {
            if byte == 0x0a && before == 0x0d {
                before = byte
                continue
            }
            out.append(byte == 0x0d ? 0x0a : byte)
            before = byte
        }
        return String(decoding: out, as: UTF8.self)
    }
}

extension Draft.Question {
    init(_ parameters: Parameters) throws(HTTPFailure) {
        options = try parameters.texts("options").filter { !$0.isEmpty }
        seconds = try parameters.integer("expires_in") ?? 86_400
        isMultiple = try parameters.flag("multiple") ?? false
        guard (60...Int64(Limits.HTTP.pollSeconds)).contains(seconds) else {
            throw HTTPFailure(
                422,
                "Validation failed: a poll is open for 60 to \(Limits.HTTP.pollSeconds) seconds")
        }
    }
}

extension Draft.Question {
    func made(_ now: UnixTime) throws(ContentError) -> Poll {
        try Poll(
            options: options,
            closing: UnixTime(milliseconds: now.milliseconds + UInt64(max(seconds, 0)) * 1_000),
            isMultiple: isMultiple)
    }
}

/// What has to be looked up in the square before a draft is a note.
struct DraftContext: Sendable {
    var reply: (to: Reference, root: Reference?)?
    var quote: Reference?
    var mentions: [Note.Mention]
}

extension Showing {
    /// Nil when what it answers or quotes is not here.
    func context(of draft: Draft) throws(StoreError) -> DraftContext? {
        var found = DraftContext(
            mentions: Markup.mentions(in: draft.text) { handles.find($0) })
        if let id = draft.replyTo {
            guard let view = try view(id) else { return nil }
            let root = view.first.reply.map { $0.root ?? $0.to }
            found.reply = (view.reference, root)
        }
        if let id = draft.quote {
            guard let view = try view(id) else { return nil }
            found.quote = view.reference
        }
        return found
    }

    /// The note with an id, or the one that a repost with that id passes on.
    func view(_ id: Int64) throws(StoreError) -> NoteView? {
        guard let act = try feed.act(id) else { return nil }
        return try square.shownNote(act)
    }
}

extension Draft {
    /// The note that it is.
    func note(
        _ context: DraftContext, attachments: [Attachment], now: UnixTime
    ) throws(ContentError) -> Note {
        try Note(
            text: text,
            reply: try context.reply.map { (reply) throws(ContentError) in
                try Note.Reply(to: reply.to, root: reply.root)
            }, quote: context.quote, mentions: context.mentions, tags: Markup.tags(in: text),
            warning: warning, language: language, attachments: attachments,
            poll: try poll.map { (poll) throws(ContentError) in try poll.made(now) })
    }
}
