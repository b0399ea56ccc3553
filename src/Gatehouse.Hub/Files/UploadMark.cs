namespace Gatehouse.Hub.Files;

/// <summary>Whom a token for the embedded endpoint is made for: one upload of one device, and no later device of the same id.</summary>
/// <param name="CorrelationId">Of the upload.</param>
/// <param name="GenerationId">Of the device.</param>
internal sealed record UploadMark(string CorrelationId, string GenerationId)
{
    public override string ToString() => $"{CorrelationId}-{GenerationId}";

    /// <summary>Null when it is none.</summary>
    internal static UploadMark? Parse(string text) =>
        text.IndexOf('-', StringComparison.Ordinal) is > 0 and var dash ? new UploadMark(text[..dash], text[(dash + 1)..]) : null;
}
