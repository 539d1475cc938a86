import Content
package import MerkleLog
import Primitives
package import Store

/// Who reads, and what they look at.
extension Square {
    /// A reader as far as an order or a tally depends on it. `desk` has the weights that they gave.
    package func reader(_ identity: LogKey, _ desk: Desk?) throws(StoreError) -> Reader {
        let follows = Set(people.follows(of: identity))
        var friends: Set<LogKey> = []
        for followed in follows { friends.formUnion(people.follows(of: followed)) }
        var weights: [LogKey: Int64] = [:]
        for row in try desk?.rows(.weight, of: identity) ?? [] {
            guard let key = people.key(marked: row.id), let weight = Int64(row.value) else {
                continue
            }
            weights[people.identity(of: key, at: 0) ?? key] = weight
        }
        return Reader(identity: identity, follows: follows, friends: friends, weights: weights)
    }

    /// The note at an address, as it counts now.
    package func note(at reference: Reference) throws(StoreError) -> NoteView? {
        guard let act = try act(reference) else { return nil }
        return try note(act)
    }

    /// The signed recipes that somebody can choose by name: those that they chose, of which each
    /// stays as it was then, and their own others. Those that are not here are left out.
    package func recipes(
        for identity: LogKey, _ desk: Desk?
    ) throws(StoreError) -> [PublishedRecipe] {
        var found: [PublishedRecipe] = []
        for row in try desk?.rows(.recipe, of: identity) ?? [] {
            guard let reference = Reference(text: row.value),
                let recipe = try recipe(at: reference)
            else { continue }
            found.append(recipe)
        }
        for own in try recipes(of: identity)
        where
            !found.contains(where: {
                $0.publisher == identity
                    && $0.recipe.name.utf8.elementsEqual(own.recipe.name.utf8)
            })
        {
            found.append(own)
        }
        return found
    }
}
