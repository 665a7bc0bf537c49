import Foundation
import InvreqCore

/// What went wrong, in a form that a program and a person can both act on.
///
/// Decide by ``code``, which never changes; show ``message`` (or `localizedDescription`, which is the same), whose wording may
/// improve.
///
/// ```swift
/// do {
///     try await payee.sendInvoice(request, label: "withdrawal 1729")
/// } catch {
///     if error.code == .labelInUse { … }  // the label has an invoice already
/// }
/// ```
public typealias InvreqError = InvreqCore.ErrorDetails

/// The stable code of an error: the same word in every language and every release.
public typealias ErrorCode = InvreqCore.ErrorCode

/// A TLV record of a message, named.
public typealias Field = InvreqCore.Field

extension ErrorDetails: Error, LocalizedError, CustomStringConvertible, CustomDebugStringConvertible {
    /// An error of this code and with this sentence; the rest follows from the code.
    public init(_ code: ErrorCode, _ message: String) {
        self = errorDetails(code: code, message: message)
    }

    init(_ code: ErrorCode, _ message: String, retryable: Bool) {
        self.init(code, message)
        self.retryable = retryable
    }

    /// The sentence for a person.
    public var errorDescription: String? { message }

    /// The sentence for a person.
    public var description: String { message }

    /// The code and the sentence: what a log may show.
    public var debugDescription: String { "InvreqError(\(code.name): \(message))" }
}

/// What the table of errors says about a code.
public typealias ErrorCodeInfo = InvreqCore.ErrorCodeInfo

/// What kind of thing went wrong, for a program that does not need the exact code.
public typealias Category = InvreqCore.Category

extension ErrorCode {
    /// What the table of errors says about this code.
    public var info: ErrorCodeInfo {
        // The table has every code: both are made from the same list.
        table[self]
            ?? ErrorCodeInfo(
                code: self, name: "internal", rpcCode: -1, category: .internal, retryable: false, meaning: "")
    }

    /// The code as it is written in every language, such as `no_route`.
    public var name: String { info.name }
}

extension ErrorCode: CaseIterable {
    /// Every code there is.
    public static var allCases: [ErrorCode] { errorCodes().map(\.code) }
}

private let table = Dictionary(uniqueKeysWithValues: errorCodes().map { ($0.code, $0) })
