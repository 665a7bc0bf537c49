// Answers a refund and waits until the money is there: claim_refund REQUEST FILE NODE
//
// REQUEST is the lnr1… of the payer, FILE where the wallet keeps its invoices, NODE how to reach the wallet's own Lightning node. Killed
// in the middle and started again, it takes up where it left off.

import Foundation
import Invreq
import WalletNode

let arguments = CommandLine.arguments
let (request, file, greeting) = (arguments[1], arguments[2], arguments[3])

let node = try WalletNode(greeting)  // yours: where money comes in, and who listens where
let payee = try await Payee.open(
    PayeeOptions(
        network: .regtest,
        store: try await SqliteStore.open(file),
        source: node,
        transport: try TcpTransport(network: .regtest, directory: node),
        seed: Data(repeating: 9, count: 32),  // yours: 32 bytes for this alone
        onEvent: { event in say(String(describing: event).prefix { $0 != "(" }) }))
node.serve(payee)

do {
    let preview = try await payee.preview(request)
    say("\(preview.amountMsat ?? 0) msat for \(preview.description ?? "nothing in particular")")
    let record = try await payee.sendInvoice(
        request, label: "crash", timeout: 30, expiry: 600, existing: .join)
    say(record.toRpc())
    say("\(record.status)")
} catch {
    say("\(error.code.name): \(error.localizedDescription)")
}
try await payee.close()

/// Prints a line at once, whoever reads it.
func say(_ line: some StringProtocol) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}
