using System.Text.Json.Nodes;

namespace Gatehouse.Hub.Twins;

/// <summary>One section before and after a write.</summary>
internal sealed class SectionMerge
{
    /// <param name="stored">What the store holds.</param>
    /// <param name="metadata">Its metadata; null where none is kept.</param>
    /// <param name="write">The patch or the new whole.</param>
    /// <param name="stamp">For the metadata.</param>
    internal SectionMerge(string stored, string? metadata, SectionWrite write, TwinStamp stamp)
    {
        Before = TwinText.Read(stored);
        IsWhole = write.IsWhole;
        After = write.IsWhole ? [] : Before.DeepClone().AsObject();
        Metadata = metadata is null ? null : write.IsWhole ? [] : TwinText.Read(metadata);
        TwinMerge.Apply(After, Metadata, write.Content, stamp);
        Text = TwinText.Write(After);
    }

    internal JsonObject Before { get; }

    internal JsonObject After { get; }

    internal JsonObject? Metadata { get; }

    internal bool IsWhole { get; }

    /// <summary><see cref="After"/> as UTF-8.</summary>
    internal byte[] Text { get; }
}
