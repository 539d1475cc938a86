import Content
import Feed
import MerkleLog
import Node
import Primitives
import Store

/// Polls: known by the id of their note.
extension Mastodon {
    func addPolls(_ router: inout Router) {
        add(&router, .get, "/api/v1/polls/:id", .open("read:statuses")) {
            call throws(HTTPFailure) in .json(try call.poll(try call.id()))
        }
        add(&router, .post, "/api/v1/polls/:id/votes", .scope("write:statuses")) {
            call throws(HTTPFailure) in
            let (id, me) = (try call.id(), try call.me().identity)
            let view = try call.note(id)
            guard let poll = view.first.poll else { throw .notFound }
            if poll.closing < Clock.wall {
                throw HTTPFailure(422, "Validation failed: The poll has already ended")
            }
            if view.author == me {
                throw HTTPFailure(422, "Validation failed: nobody votes in their own poll")
            }
            let choices = try call.parameters.texts("choices").map { Int($0) }
            let options = Set(choices.compactMap { $0 }).sorted()
            guard options.count == choices.count, !options.isEmpty else {
                throw HTTPFailure(422, "Validation failed: choices are distinct numbers from 0")
            }
            let vote = try call.made { () throws(ContentError) in
                try Vote(poll: view.reference, options: options)
            }
            guard poll.accepts(vote) else {
                throw HTTPFailure(422, "Validation failed: this poll has no such choice")
            }
            let hasVoted = try call.see { showing throws(StoreError) in
                try showing.square.votes(poll, of: view.act.ref).contains { $0.by == me }
            }
            if hasVoted {
                throw HTTPFailure(
                    422, "Validation failed: You have already voted on this poll")
            }
            try call.publish([.vote(vote)])
            return .json(try call.poll(id))
        }
    }
}

extension Call {
    func poll(_ id: Int64) throws(HTTPFailure) -> JSONValue {
        try see { showing throws(StoreError) in
            try showing.view(id).flatMap { (view) throws(StoreError) in try showing.poll(view) }
        }
    }
}
