import Foundation
import InvreqCore

/// How long a transport may look for a route: timers wait for it.
private let soonMs: UInt64 = 10_000
/// How long a source, a signer or a send may take.
let patienceMs: UInt64 = 60_000

/// The most nodes of a route, and addresses of a node.
private let mostNodes = 32
/// The most payment paths of an invoice.
private let mostPaths = 64

/// Puts a question to the host; whatever it does, there is an answer.
func ask(_ need: Need, _ hosts: Hosts, _ closing: Closing) async -> Answer {
    let question = Question(need, hosts)
    do {
        return try await closing.orClosed(limit: { try await hosts.time.wait(ms: question.patienceMs) }) {
            try await question.work()
        }
    } catch is Late {
        return .failed("there was no answer in time")
    } catch {
        return .failed(reason(of: error))
    }
}

private struct Question: Sendable {
    let patienceMs: UInt64
    let work: @Sendable () async throws -> Answer

    init(_ need: Need, _ hosts: Hosts) {
        let (source, transport, signer) = (hosts.source, hosts.transport, hosts.signer)
        switch need {
        case .createInboundPayment(let request):
            self.init(Invreq.patienceMs) {
                let payment = try await source.createInboundPayment(request)
                try atMost(mostPaths, payment.paths.count, "paths")
                return .inboundPayment(payment)
            }
        case .canReceive(let amountMsat):
            self.init(soonMs) { .canReceive(try await source.canReceive(amountMsat: amountMsat)) }
        case .resolveScid(let scid, let direction):
            self.init(soonMs) { .nodeId(try await transport.resolveScid(scid, direction: direction)) }
        case .findRoute(let nodeId):
            self.init(soonMs) {
                let route = try await transport.findRoute(to: nodeId)
                try atMost(mostNodes, route?.via.count ?? 0, "nodes")
                try atMost(mostNodes, route?.connect.count ?? 0, "addresses")
                return .route(route)
            }
        case .ecdh(let nodeId, let point):
            self.init(soonMs) { .sharedSecret(try await transport.ecdh(nodeId: nodeId, point: point)) }
        case .sign(let request):
            self.init(Invreq.patienceMs) {
                guard let signer else { throw HostError("there is no signer") }
                return .signature(try await signer.sign(request))
            }
        case .range:
            // The loop reads the store by itself.
            self.init(soonMs) { throw HostError("this is for the store") }
        }
    }

    private init(_ patienceMs: UInt64, _ work: @escaping @Sendable () async throws -> Answer) {
        self.patienceMs = patienceMs
        self.work = work
    }
}

private func atMost(_ most: Int, _ count: Int, _ what: String) throws {
    if count > most { throw HostError("there may be at most \(most) \(what), not \(count)") }
}
