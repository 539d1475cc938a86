import Content
import Crypto
import Feed
import MerkleLog
import Node
import Primitives
import Store

/// Ways to order home: those that every node has, those that the reader publishes, and those of
/// others that they chose.
extension Mastodon {
    func addRecipes(_ router: inout Router, _ base: String) {
        add(&router, .get, "\(base)/recipes", .scope("read:lists")) { call throws(HTTPFailure) in
            .json(
                .array(
                    try call.see { showing throws(StoreError) in
                        try showing.recipes().map { (list) throws(StoreError) in
                            try showing.describe(list)
                        }
                    }))
        }
        add(&router, .get, "\(base)/features", .scope("read:lists")) { _ throws(HTTPFailure) in
            .json(.array(Feature.allCases.map { .string($0.rawValue) }))
        }
        add(&router, .post, "\(base)/recipes", .scope("write:statuses")) {
            call throws(HTTPFailure) in
            let recipe = try call.recipe(call.parameters)
            return .json(try call.publish(recipe, instead: nil))
        }
        add(&router, .post, "\(base)/recipes/preview", .scope("read:lists")) {
            call throws(HTTPFailure) in
            let recipe = try call.recipe(call.parameters, named: "preview")
            let paging = try Paging(call)
            return .json(
                .array(
                    try call.see { showing throws(StoreError) in
                        try showing.ranking(recipe, paging.page.limit)
                    }))
        }
        addOneRecipe(&router, base)
        addExplanation(&router, base)
        addWeights(&router, base)
    }

    private func addOneRecipe(_ router: inout Router, _ base: String) {
        add(&router, .put, "\(base)/recipes/:id", .scope("write:statuses")) {
            call throws(HTTPFailure) in
            let (old, me) = (try call.recipeList(), try call.me().identity)
            guard old.publisher == me else {
                throw HTTPFailure(422, "Only who publishes a recipe changes it: copy it instead")
            }
            let recipe = try call.recipe(call.parameters, named: old.recipe?.name)
            return .json(try call.publish(recipe, instead: old))
        }
        // A recipe of others is left; one's own is retracted as well.
        add(&router, .delete, "\(base)/recipes/:id", .scope("write:statuses")) {
            [desk] call throws(HTTPFailure) in
            let (old, me) = (try call.recipeList(), try call.me().identity)
            guard old.publisher != nil else {
                throw HTTPFailure(422, "What every node has is not removed")
            }
            if old.publisher == me, let name = old.recipe?.name {
                try call.retract(recipesNamed: name)
            }
            try call.stored { () throws(StoreError) in
                try desk.removeAll(.recipe, of: me, old.id)
            }
            return .json([:])
        }
        add(&router, .get, "\(base)/accounts/:id/recipes", .open("read:lists")) {
            call throws(HTTPFailure) in
            let who = try call.person()
            return .json(
                .array(
                    try call.see { showing throws(StoreError) in
                        try showing.square.recipes(of: who).map { (found) throws(StoreError) in
                            try showing.describe(ReaderList(found))
                        }
                    }))
        }
        add(&router, .post, "\(base)/accounts/:id/recipes", .scope("write:lists")) {
            call throws(HTTPFailure) in
            let who = try call.person()
            let address = try call.parameters.required("address")
            let found = try call.see { showing throws(StoreError) in
                try Reference(text: address).flatMap { (reference) throws(StoreError) in
                    try showing.square.recipe(at: reference)
                }
            }
            guard found.publisher == who else { throw .notFound }
            return .json(try call.choose(found))
        }
    }

    private func addExplanation(_ router: inout Router, _ base: String) {
        add(&router, .get, "\(base)/posts/:id/explain", .scope("read:lists")) {
            call throws(HTTPFailure) in
            let id = try call.id()
            let wanted = try call.parameters.integer("recipe") ?? 1
            return .json(
                try call.see { showing throws(StoreError) in
                    guard let recipe = try showing.recipe(wanted)?.recipe else { return nil }
                    return try showing.explain(id, recipe)
                })
        }
    }

    private func addWeights(_ router: inout Router, _ base: String) {
        add(&router, .get, "\(base)/weights", .scope("read:lists")) {
            [desk] call throws(HTTPFailure) in
            let me = try call.me().identity
            return .json(
                .array(
                    try call.see { showing throws(StoreError) in
                        var found: [JSONValue] = []
                        for row in try desk.rows(.weight, of: me) {
                            guard let who = showing.identity(row.id), let weight = Int64(row.value)
                            else { continue }
                            found.append([
                                "account": try showing.account(who), "weight": .integer(weight),
                            ])
                        }
                        return found
                    }))
        }
        // What the reader gives an author: it counts in recipes that ask for it.
        add(&router, .put, "\(base)/accounts/:id/weight", .scope("write:lists")) {
            [desk] call throws(HTTPFailure) in
            let (who, me) = (try call.person(), try call.me().identity)
            guard let weight = try call.parameters.integer("weight"), -100...100 ~= weight else {
                throw HTTPFailure(422, "Validation failed: weight is from -100 to 100")
            }
            try call.stored { () throws(StoreError) in
                if weight == 0 {
                    try desk.remove(.weight, of: me, Mark.of(who))
                } else {
                    try desk.put(.weight, of: me, Mark.of(who), 0, String(weight))
                }
            }
            return .json(["id": .id(Mark.of(who)), "weight": .integer(weight)])
        }
    }
}

extension ReaderList {
    /// The list of a published recipe: its number stays when a new version comes, and the version
    /// that counts is the one that the reader chose.
    init(_ found: PublishedRecipe) {
        self.init(
            id: Self.number(of: found.recipe.name, by: found.publisher), title: found.recipe.name)
        recipe = found.recipe
        publisher = found.publisher
        reference = found.reference
    }

    static func number(of name: String, by publisher: LogKey) -> Int64 {
        Mark.of(SHA256.hash(publisher.array + name.utf8))
    }
}

extension Call {
    /// The recipe of the path, which the reader has among theirs.
    fileprivate func recipeList() throws(HTTPFailure) -> ReaderList {
        let id = try id()
        return try see { showing throws(StoreError) in try showing.recipe(id, isGoneToo: true) }
    }

    /// A recipe as a client sends it.
    fileprivate func recipe(
        _ parameters: Parameters, named standard: String? = nil
    ) throws(HTTPFailure) -> Recipe {
        let given = try parameters.text("name") ?? ""
        let name = given.isEmpty ? standard ?? "" : DisplayText.line(given)
        let description = try parameters.text("description").flatMap { $0.isEmpty ? nil : $0 }
        var weights: [(feature: String, weight: Int64)] = []
        for item in try parameters.children("weights") {
            let feature = try item.required("feature")
            guard Feature(rawValue: feature) != nil else {
                throw HTTPFailure(422, "Validation failed: nothing is called \(feature) here")
            }
            guard let weight = try item.integer("weight") else {
                throw HTTPFailure(422, "Validation failed: weight is missing")
            }
            // What counts nothing says nothing.
            if weight != 0 { weights.append((feature, weight)) }
        }
        weights.sort { $0.feature.utf8.lexicographicallyPrecedes($1.feature.utf8) }
        let sorted = weights
        return try made { () throws(ContentError) in
            var all: [Recipe.Weight] = []
            for item in sorted {
                all.append(try Recipe.Weight(feature: item.feature, weight: item.weight))
            }
            return try Recipe(name: name, description: description, weights: all)
        }
    }

    /// Signs a recipe in the place of those of its name, and of `old`; it is among the reader's
    /// from then on.
    fileprivate func publish(
        _ recipe: Recipe, instead old: ReaderList?
    ) throws(HTTPFailure) -> JSONValue {
        let (me, desk) = (try me().identity, service.desk)
        guard !Recipe.shipped.contains(where: { $0.name == recipe.name }) else {
            throw HTTPFailure(422, "Validation failed: every node has a recipe of that name")
        }
        let list = ReaderList.number(of: recipe.name, by: me)
        if old?.id != list {
            let isTaken = try see { showing throws(StoreError) in
                try !showing.square.recipes(of: me, named: recipe.name).isEmpty
            }
            if isTaken {
                throw HTTPFailure(422, "Validation failed: you have a recipe of that name")
            }
        }
        // There must be room before it is signed.
        let before = try stored { () throws(StoreError) in
            let before = try desk.value(.recipe, of: me, list)
            try desk.put(.recipe, of: me, list, 0, before ?? "", most: Limits.HTTP.recipesChosen)
            return before
        }
        let reference: Reference?
        do throws(HTTPFailure) { reference = try publish([.recipe(recipe)]).last } catch {
            if before == nil { try? desk.removeAll(.recipe, of: me, list) }
            throw error
        }
        try stored { () throws(StoreError) in
            try desk.put(.recipe, of: me, list, 0, reference?.text ?? "")
        }
        if let old, let name = old.recipe?.name {
            try retract(recipesNamed: name, but: reference)
            if old.id != list {
                try stored { () throws(StoreError) in
                    try desk.removeAll(.recipe, of: me, old.id)
                }
            }
        }
        return try see { showing throws(StoreError) in
            try showing.recipe(list).map { (list) throws(StoreError) in
                try showing.describe(list)
            }
        }
    }

    fileprivate func retract(
        recipesNamed name: String, but kept: Reference? = nil
    ) throws(HTTPFailure) {
        let me = try me().identity
        let old = try see { showing throws(StoreError) in
            try showing.square.recipes(of: me, named: name).map(\.reference)
        }
        let gone = old.filter { $0 != kept }.map { Content.retraction(of: $0) }
        if !gone.isEmpty { try publish(gone) }
    }

    fileprivate func choose(_ found: PublishedRecipe) throws(HTTPFailure) -> JSONValue {
        let (me, desk) = (try me().identity, service.desk)
        let list = ReaderList(found)
        try stored { () throws(StoreError) in
            try desk.put(
                .recipe, of: me, list.id, 0, found.reference.text, most: Limits.HTTP.recipesChosen)
        }
        return try see { showing throws(StoreError) in try showing.describe(list) }
    }
}

extension Showing {
    /// What every node has, and then what the reader chose. Of what is not here any more the number
    /// is told, so that it can be left.
    func recipes() throws(StoreError) -> [ReaderList] {
        guard let me = viewer.identity else { return ReaderList.shipped }
        var found = try square.recipes(for: me, desk).map { ReaderList($0) }
        for row in try desk.rows(.recipe, of: me) where !found.contains(where: { $0.id == row.id })
        {
            var gone = ReaderList(id: row.id, title: "")
            gone.publisher = Reference(text: row.value).map {
                people.identity(of: $0.log, at: $0.index) ?? $0.log
            }
            gone.isGone = true
            found.append(gone)
        }
        return ReaderList.shipped + found.sorted { ($0.title, $0.id) < ($1.title, $1.id) }
    }

    func recipe(_ id: Int64, isGoneToo: Bool = false) throws(StoreError) -> ReaderList? {
        try recipes().first { $0.id == id && (isGoneToo || !$0.isGone) }
    }

    func describe(_ list: ReaderList) throws(StoreError) -> JSONValue {
        var newer: Reference?
        var isChosen = list.reference == nil
        if let publisher = list.publisher, let name = list.recipe?.name {
            let newest = try square.recipes(of: publisher, named: name).first?.reference
            if newest != list.reference { newer = newest }
            if let me = viewer.identity {
                let row = try desk.value(.recipe, of: me, list.id)
                isChosen = publisher == me || row != nil
            }
        }
        let empty: JSONValue = ["name": "", "description": nil, "weights": []]
        return (list.recipe?.json ?? empty).with(
            ("id", .id(list.id)), ("publisher", list.publisher.map { mention($0) } ?? .null),
            ("address", .text(list.reference?.text)), ("newer", .text(newer?.text)),
            ("own", .bool(list.publisher != nil && list.publisher == viewer.identity)),
            ("chosen", .bool(isChosen || list.isGone)), ("gone", .bool(list.isGone)))
    }

    /// The newest posts of home as a recipe orders them, each with its terms.
    func ranking(_ recipe: Recipe, _ limit: Int) throws(StoreError) -> [JSONValue] {
        guard let me = viewer.identity else { return [] }
        let reader = try square.reader(me, desk)
        let ranking = try square.ranking(recipe, for: reader, now: now, before: horizon)
        var found: [JSONValue] = []
        for place in ranking.prefix(limit) {
            guard let status = try status(place.act, in: .home) else { continue }
            found.append(
                Self.describe(place.explanation, recipe).with(("status", status)))
        }
        return found
    }

    func explain(_ id: Int64, _ recipe: Recipe) throws(StoreError) -> JSONValue? {
        guard let me = viewer.identity, let act = try feed.act(id), let view = try view(id) else {
            return nil
        }
        let values = try square.features(
            of: view, repost: act.kind == .repost ? act : nil,
            for: try square.reader(me, desk), now: now)
        return Self.describe(recipe.explain(values), recipe)
    }

    private static func describe(_ found: Explanation, _ recipe: Recipe) -> JSONValue {
        recipe.json.with(
            ("score", .integer(found.score)),
            (
                "terms",
                .array(
                    found.terms.map {
                        [
                            "feature": .string($0.feature), "value": .integer($0.value),
                            "weight": .integer($0.weight), "product": .integer($0.product),
                        ]
                    })
            ))
    }
}

extension Recipe {
    var json: JSONValue {
        [
            "name": .string(name), "description": .text(description),
            "weights": .array(
                weights.map {
                    ["feature": .string($0.feature), "weight": .integer($0.weight)]
                }),
        ]
    }
}
