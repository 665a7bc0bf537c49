import Foundation
import InvreqCore

/// Invoices for `for try await`: page after page, as they are read.
public struct InvoiceList: AsyncSequence, Sendable {
    public typealias Element = InvoiceRecord

    let parts: Parts
    let query: ListInvoices

    /// The first page, and where the next one starts.
    public func page() async throws(InvreqError) -> Page {
        try await page(from: query.start)
    }

    public func makeAsyncIterator() -> Iterator {
        Iterator(list: self, next: query.start)
    }

    /// Reads one page when the one before it is used up.
    public struct Iterator: AsyncIteratorProtocol {
        let list: InvoiceList
        var next: UInt64?
        var records: ArraySlice<InvoiceRecord> = []

        init(list: InvoiceList, next: UInt64?) {
            self.list = list
            self.next = next
        }

        public mutating func next() async throws(InvreqError) -> InvoiceRecord? {
            while records.isEmpty, let start = next {
                let page = try await list.page(from: start)
                records = page.records[...]
                next = page.next
            }
            return records.popFirst()
        }
    }

    fileprivate func page(from start: UInt64) async throws(InvreqError) -> Page {
        var query = query
        query.start = start
        let asked = query
        let outcome = try await parts.call { .listInvoices(call: $0, query: asked) }
        guard case .page(let page) = outcome else { throw unexpected() }
        return page
    }
}
