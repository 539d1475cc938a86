import Glibc
import Transport

/// One command line that talks to this node.
struct ControlConnection {
    var reader = Control.Reader()
}

/// The Unix socket through which the owner's command line speaks to the node.
extension Node {
    /// Opens the socket, for this user alone.
    package func listenForControl() throws(NodeError) {
        do throws(TransportError) {
            try network.listen(unixSocket: Paths.controlName, in: paths.data)
        } catch { throw .control("\(error)") }
    }

    func acceptControl(_ id: ConnectionID, _ user: UInt32?) {
        // The file's mode says so already; another user who holds it open gets nothing either.
        guard user == geteuid() || user == 0 else { return network.close(id) }
        controls[id] = ControlConnection()
    }

    func receiveControl(_ id: ConnectionID, _ bytes: [UInt8]) {
        controls[id]?.reader.append(bytes)
        while let frame = controls[id]?.reader.next() {
            guard let request = Control.Request(frame) else { return dropControl(id) }
            perform(request) { [weak self] reply in
                self?.answer(id, reply.frame(id: request.id))
            }
        }
        if controls[id]?.reader.isOverLimit == true { dropControl(id) }
    }

    private func answer(_ id: ConnectionID, _ frame: [UInt8]) {
        guard controls[id] != nil else { return }
        if network.send(frame, on: id) != .queued { dropControl(id) }
    }

    private func dropControl(_ id: ConnectionID) {
        controls[id] = nil
        network.close(id)
    }
}
