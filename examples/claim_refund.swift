// Claims a refund: answers a request, `lnr1…`, and waits until it is paid.
//
//     claim_refund REQUEST WALLET_FILE
//
// Killed at any moment and started again, it takes up where it left off: nothing is paid twice, and nothing is lost.

import Foundation
import Invreq
import MyNodeSupport  // your Lightning node or service; the tests have one that plays it

let (request, file) = (CommandLine.arguments[1], CommandLine.arguments[2])
let node = try MyNode.connect()
let payee = try await Payee.open(
    PayeeOptions(
        network: node.network,
        store: try await SqliteStore.open(file),
        source: node,  // makes the paths the money comes in by
        transport: try TcpTransport(network: node.network, directory: node),  // takes the invoice to the payer
        seed: node.seed,  // 32 bytes the wallet uses for nothing else
        onEvent: { event in say(event.kind) }))
node.serve(payee)  // tells the payee of payments: payee.judge(...) and payee.paymentReceived(...)
do {
    let preview = try await payee.preview(request)
    say("a refund of \(preview.amountMsat ?? 0) msat: \(preview.description ?? "")")
    let record = try await payee.sendInvoice(
        request, label: "refund", timeout: 60, expiry: 3600, existing: .join)
    say("paid: \(try record.toRpc())")
} catch {
    say("\(error.code.name): \(error.localizedDescription)")
}
try await payee.close()

func say(_ line: String) {
    FileHandle.standardOutput.write(Data("\(line)\n".utf8))
}
