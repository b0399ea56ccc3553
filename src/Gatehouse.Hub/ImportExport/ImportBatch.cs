using Gatehouse.Contracts.Errors;
using Gatehouse.Store;

namespace Gatehouse.Hub.ImportExport;

/// <summary>Lines of one blob that are imported in one transaction.</summary>
internal abstract class ImportBatch(ImportPlace from)
{
    /// <summary>More than a blob has lines: errors of several are kept in one order.</summary>
    private const long PartLines = 1L << 40;

    private readonly List<LineError> unread = [];

    /// <summary>Where the blob is before the first line.</summary>
    internal ImportPlace From { get; } = from;

    /// <summary>Where it is after the last.</summary>
    internal ImportPlace To { get; private set; } = from;

    /// <summary>Takes a line with it. False when it must not be in one transaction with the others: then it is not taken.</summary>
    internal bool TryAdd(BlobLine line, int maxLineBytes)
    {
        var place = To with { Line = To.Line + 1, Bytes = To.Bytes + line.Bytes };
        HubError? fault = line.IsTooLong ? HubErrors.IotHubFormatError.With($"The line is longer than {maxLineBytes} bytes.") : null;
        if (!line.IsTooLong && !line.Text.IsEmpty && !TryAdd(line.Text.Span, KeyOf(place.Line), out fault))
        {
            return false;
        }

        To = place;
        if (fault is not null)
        {
            unread.Add(Refuse(KeyOf(place.Line), fault.With($"Line {place.Line}: {fault.Message}")));
        }

        return true;
    }

    /// <summary>Does all lines, and more work with what was not done in the same transaction, which may still refuse it all.</summary>
    internal abstract Task<HubError?> RunAsync(Func<WriteTransaction, IReadOnlyList<LineError>, CancellationToken, Task<HubError?>> also, CancellationToken cancellationToken);

    /// <summary>False when the line must not be with the others; a fault when it is not one that can be done.</summary>
    protected abstract bool TryAdd(ReadOnlySpan<byte> text, long line, out HubError? fault);

    /// <summary>What is said of a line that could not be read.</summary>
    protected abstract LineError Refuse(long line, HubError error);

    /// <summary>All lines that were not done, in order.</summary>
    protected IReadOnlyList<LineError> With(IEnumerable<LineError> errors) => [.. unread.Concat(errors).OrderBy(error => error.Line)];

    private long KeyOf(long line) => (From.Part * PartLines) + line;
}
