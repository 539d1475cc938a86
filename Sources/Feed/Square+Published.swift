package import Content
package import MerkleLog
package import Primitives
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

    /// Somebody's recipes, the newest first, each with its address; of one name the newest.
    package func recipes(of identity: LogKey) throws(StoreError) -> [PublishedRecipe] {
        var names: Set<[UInt8]> = []
        let page = FeedReader.Page(limit: Limits.Feed.published)
        return try everyRecipe(of: identity, page).filter {
            names.insert(Array($0.recipe.name.utf8)).inserted
        }
    }

    /// All that somebody published under one name and did not retract.
    package func recipes(
        of identity: LogKey, named name: String
    ) throws(StoreError) -> [PublishedRecipe] {
        let page = FeedReader.Page(limit: Limits.Feed.published)
        return try everyRecipe(of: identity, page).filter {
            $0.recipe.name.utf8.elementsEqual(name.utf8)
        }
    }

    private func everyRecipe(
        of identity: LogKey, _ page: FeedReader.Page
    ) throws(StoreError) -> [PublishedRecipe] {
        var found: [PublishedRecipe] = []
        for act in try feed.of(logs(of: identity), .recipe, page) {
            if let recipe = try recipe(act), recipe.publisher == identity { found.append(recipe) }
        }
        return found
    }

    /// The recipe at an address; nil when it is not here, was retracted, or is nobody's word.
    package func recipe(at reference: Reference) throws(StoreError) -> PublishedRecipe? {
        guard let act = try act(reference) else { return nil }
        return try recipe(act)
    }

    private func recipe(_ act: Act) throws(StoreError) -> PublishedRecipe? {
        guard act.kind == .recipe, let publisher = try author(of: act),
            let (content, reference, time) = try entry(act), case .recipe(let recipe) = content,
            try !isRetracted(act, publisher)
        else { return nil }
        return PublishedRecipe(
            publisher: publisher, reference: reference, time: time, recipe: recipe)
    }
}

/// A recipe that somebody signed.
package struct PublishedRecipe: Sendable {
    package let publisher: LogKey
    /// What names it: a later one of the same name is another recipe, `[CONT-26]`.
    package let reference: Reference
    package let time: UnixTime
    package let recipe: Recipe
}
