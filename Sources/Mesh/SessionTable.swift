/// The open sessions, by id: in two arrays, since there are few, and every event goes over all.
struct SessionTable {
    /// Ascending: the order of every loop.
    private(set) var ids: [SessionID] = []
    /// In the order of `ids`.
    private(set) var all: [Session] = []

    var count: Int { ids.count }
    var isEmpty: Bool { ids.isEmpty }

    /// Nil for a session that has ended; setting nil ends it.
    subscript(id: SessionID) -> Session? {
        get {
            let at = place(of: id)
            return at < ids.count && ids[at] == id ? all[at] : nil
        }
        set {
            let at = place(of: id)
            let isKnown = at < ids.count && ids[at] == id
            switch (isKnown, newValue) {
            case (true, let session?): all[at] = session
            case (true, nil):
                ids.remove(at: at)
                all.remove(at: at)
            case (false, let session?):
                ids.insert(id, at: at)
                all.insert(session, at: at)
            case (false, nil): break
            }
        }
    }

    /// How many ids are smaller.
    private func place(of id: SessionID) -> Int {
        var (low, high) = (0, ids.count)
        while low < high {
            let middle = (low + high) / 2
            if ids[middle] < id { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
