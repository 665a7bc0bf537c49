import Foundation
import Invreq
import Testing

/// Runs the suite of the core over a store, and says how the store broke the contract.
private func failures(
    durable: Bool, shared: Bool, _ open: @escaping @Sendable (String) async throws -> any Store
) async throws -> [String] {
    let checks = try await storeConformance(durable: durable, shared: shared, open)
    #expect(checks.count > 20)
    return checks.compactMap { check in check.failed.map { "\(check.name): \($0)" } }
}

@Suite("Stores")
struct StoreTests {
    @Test func memoryStoreKeepsTheContract() async throws {
        let stores = Shared<[String: MemoryStore]>([:])
        let failed = try await failures(durable: true, shared: true) { name in
            stores.with { stores in
                let store = stores[name] ?? MemoryStore()
                stores[name] = store
                return store.clone()
            }
        }
        #expect(failed.isEmpty, "\(failed)")
    }

    @Test func sqliteStoreKeepsTheContract() async throws {
        let folder = try temporaryFolder()
        let failed = try await failures(durable: true, shared: true) { name in
            try await SqliteStore.open(folder.appendingPathComponent("\(name).db").path)
        }
        #expect(failed.isEmpty, "\(failed)")
        try? FileManager.default.removeItem(at: folder)
    }

    @Test func aStoreOfAnAppKeepsTheContract() async throws {
        let stores = Shared<[String: Shared<[Data: Data]>]>([:])
        let failed = try await failures(durable: true, shared: true) { name in
            stores.with { stores in
                let data = stores[name] ?? Shared([:])
                stores[name] = data
                return TestStore(data)
            }
        }
        #expect(failed.isEmpty, "\(failed)")
    }

    @Test func aStoreThatBreaksTheContractIsFoundOut() async throws {
        let failed = try await failures(durable: false, shared: false) { _ in Forgetful() }
        #expect(!failed.isEmpty)
    }

    @Test func aFileOfSomethingElseIsLeftAlone() async throws {
        let folder = try temporaryFolder()
        let file = folder.appendingPathComponent("notes.txt")
        try Data(repeating: 65, count: 5000).write(to: file)
        let foreign = try await error { _ = try await SqliteStore.open(file.path) }
        #expect([.wrongStore, .storeCorrupt].contains(foreign.code))
        #expect(try Data(contentsOf: file).count == 5000)
        let nowhere = try await error { _ = try await SqliteStore.open("\(folder.path)/none/a.db") }
        #expect(nowhere.code == .storeFailed)
        let nul = try await error { _ = try await SqliteStore.open("a\0b") }
        #expect(nul.code == .invalidParameter)
        try? FileManager.default.removeItem(at: folder)
    }

    @Test func aWalletMovesToAnotherStoreAndGoesOnThere() async throws {
        let folder = try temporaryFolder()
        let from = MemoryStore()
        let host = try await Opened.open(store: from.clone())
        _ = try await host.send("a", expiry: 3600)
        let paid = try await host.pay("a")
        try await host.payee.close()
        let dump = try await exportWallet(from)
        let to = try await SqliteStore.open(folder.appendingPathComponent("wallet.db").path)
        try await importWallet(dump, into: to)
        let again = try await error { try await importWallet(dump, into: to) }
        #expect(again.code == .storeConflict)
        let moved = try await Opened.open(store: to, clock: host.clock)
        #expect(try await moved.get("a") == paid)
        try await moved.payee.close()
        let junk = try await error { try await importWallet(Data([1, 2, 3]), into: MemoryStore()) }
        #expect([.storeCorrupt, .wrongStore].contains(junk.code))
        try? FileManager.default.removeItem(at: folder)
    }
}

extension StoreTests {
    /// An id that no wallet can be opened by reaches into nobody's entries.
    @Test func whatIsNoWalletIdIsRefused() async throws {
        let store = TestStore()
        let wallet = MemoryStore()
        try await Opened.open(store: wallet.clone(), walletId: "A-1_b.c").payee.close()
        let dump = try await exportWallet(wallet, walletId: "A-1_b.c")
        for id in ["", "main/x", "main/", "a b", "é", "a\0", String(repeating: "a", count: 65)] {
            let exported = try await error { _ = try await exportWallet(store, walletId: id) }
            let imported = try await error { try await importWallet(dump, into: store, walletId: id) }
            let opened = try await error { _ = try await Opened.open(store: TestStore(), walletId: id) }
            #expect([exported, imported, opened].allSatisfy { $0.code == .invalidParameter }, "\(id)")
        }
        #expect(store.entries.isEmpty)
    }

    @Test func whereThereIsNoWalletThereIsNoBackup() async throws {
        let none = try await error { _ = try await exportWallet(MemoryStore(), walletId: "typo") }
        #expect(none.code == .wrongStore)
    }
}

/// Says that it has written, and has not.
private struct Forgetful: Store {
    func range(from start: Data, to end: Data, limit: Int) async throws -> [Entry] { [] }
    func write(_ batch: Batch) async throws {}
    func close() async throws {}
}

/// A folder of its own.
func temporaryFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("invreq-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
}
