package import Content
package import Node

/// Pictures and films that clients upload before they post them.
package protocol MediaShelf: Sendable {
    /// What uploads of an account with these ids are; `beside` are those that a note has already.
    func attachments(
        _ ids: [Int64], of account: Account, beside: [Attachment]
    ) throws(HTTPFailure) -> [Attachment]

    /// New words for what pictures of a note show: `media_attributes`.
    func redescribe(
        _ parameters: Parameters, _ attachments: inout [Attachment]
    ) throws(HTTPFailure)

    /// A picture sent along with a form; nil when there is none.
    func picture(
        _ name: String, _ parameters: Parameters, of account: Account
    ) throws(HTTPFailure) -> Attachment?

    /// These were posted.
    func posted(_ ids: [Int64], of account: Account)
}

extension MediaShelf {
    func attachments(
        _ ids: [Int64], of account: Account
    ) throws(HTTPFailure) -> [Attachment] {
        try attachments(ids, of: account, beside: [])
    }
}
