import Foundation

/// A transcript that grows in the order of the golden one: tests/scenarios/README.md, A runner.
///
/// Whatever goes on at once, a line is written when it is the next one of the golden transcript; until then whoever wrote it waits.
final class Transcript: @unchecked Sendable {
    private struct Waiting {
        let line: () -> String
        let written: (String) -> Void
    }

    private let lock = NSRecursiveLock()
    private let golden: [String]
    private var lines: [String] = []
    private var waiting: [Waiting] = []
    /// What came before something that had to be written first.
    private var early: [String] = []

    init(_ golden: String) {
        self.golden = golden.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    /// Hands a line in, to be written in its turn; `then` is done at the same moment. It is looked at anew until then.
    func handIn(isWrite: Bool = false, _ line: @escaping () -> String, then: @escaping (String) -> Void = { _ in }) {
        lock.lock()
        defer { lock.unlock() }
        if !isWrite { checkWritten(line()) }
        waiting.append(Waiting(line: line, written: then))
        move()
    }

    /// Writes a line in its turn.
    func write(isWrite: Bool = false, _ line: @escaping () -> String, then: @escaping (String) -> Void = { _ in }) async {
        await withCheckedContinuation { continuation in
            handIn(isWrite: isWrite, line) {
                then($0)
                continuation.resume()
            }
        }
    }

    /// Waits until all lines of this action are written, and then whether there are more; says how the runs differ.
    func finish(_ action: Int, patienceMs: Int = 5_000) async throws {
        let end = golden.firstIndex { $0.hasPrefix("> \(action + 1) ") } ?? golden.count
        for _ in 0..<patienceMs where count < end { try await Task.sleep(nanoseconds: 1_000_000) }
        // Whatever is ready gets on by a step with each of these, however busy the machine is.
        for _ in 0..<100 { await Task {}.value }
        try await Task.sleep(nanoseconds: 5_000_000)
        if let difference = difference(end) { throw Difference(description: difference) }
    }

    private var count: Int {
        lock.lock()
        defer { lock.unlock() }
        return lines.count
    }

    /// What is shown or sent must not be there before what is written ahead of it.
    private func checkWritten(_ line: String) {
        guard let at = golden[lines.count...].firstIndex(of: line) else { return }
        let isAhead = golden[lines.count..<at].contains { $0.hasPrefix("write ") || $0.dropFirst(2).hasPrefix("write ") }
        if isAhead { early.append(line) }
    }

    private func move() {
        while lines.count < golden.count {
            let next = golden[lines.count]
            guard let at = whose(next) else { return }
            let turn = waiting.remove(at: at)
            lines.append(next)
            turn.written(next)
        }
    }

    /// Who has this line. Of the events of a payee it is the first that waits, or nobody: they come in their order.
    private func whose(_ turn: String) -> Int? {
        guard let event = eventPrefix(turn) else { return waiting.firstIndex { $0.line() == turn } }
        let first = waiting.firstIndex { $0.line().hasPrefix(event) }
        return first.flatMap { waiting[$0].line() == turn ? $0 : nil }
    }

    /// How the lines of the events of this line's payee begin; `nil` where it is none.
    private func eventPrefix(_ line: String) -> String? {
        let words = line.split(separator: " ")
        if words.first == "event" { return "event " }
        return words.count > 1 && words[0] != ">" && words[1] == "event" ? "\(words[0]) event " : nil
    }

    private func difference(_ end: Int) -> String? {
        lock.lock()
        defer { lock.unlock() }
        if lines.count >= end && waiting.isEmpty && early.isEmpty { return nil }
        let wanted = lines.count < golden.count ? golden[lines.count] : "the end"
        let there = waiting.map { "there is: \($0.line())" } + early.map { "too early: \($0)" }
        return (["line \(lines.count + 1) has to be: \(wanted)"] + there).joined(separator: "\n  ")
    }
}

/// Where two runs differ.
struct Difference: Error, CustomStringConvertible {
    let description: String
}
