package import Content
package import MerkleLog
import Primitives
package import Store

/// What people publish for others to choose.
extension Square {
    /// Somebody's lists of labels: of each name the latest word, `[CONT-19]`.
    package func labels(of identity: LogKey) throws(StoreError) -> [Labels] {
        var ofName: [[UInt8]: [Act]] = [:]
        var order: [[UInt8]] = []
        var texts: [Int64: Labels] = [:]
        let page = FeedReader.Page(limit: Limits.Feed.published)
        for act in try feed.of(logs(of: identity), .labels, page) {
            guard let (content, _, _) = try entry(act), case .labels(let labels) = content else {
                continue
            }
            let name = Array(labels.name.utf8)
            if ofName[name] == nil { order.append(name) }
            ofName[name, default: []].append(act)
            texts[act.id] = labels
        }
        var found: [Labels] = []
        for name in order {
            guard let last = try latest(ofName[name] ?? []).last, let labels = texts[last.act.id]
            else { continue }
            found.append(labels)
        }
        return found
    }

    /// Somebody's recipes, the newest first, each with its address.
    package func recipes(
        of identity: LogKey
    ) throws(StoreError) -> [(reference: Reference, recipe: Recipe)] {
        var found: [(reference: Reference, recipe: Recipe)] = []
        let page = FeedReader.Page(limit: Limits.Feed.published)
        for act in try feed.of(logs(of: identity), .recipe, page) {
            guard try author(of: act) == identity, let (content, reference, _) = try entry(act),
                case .recipe(let recipe) = content, try !isRetracted(act, identity)
            else { continue }
            found.append((reference, recipe))
        }
        return found
    }
}
