using System.Text.Json.Nodes;
using Gatehouse.Contracts.Transparency;

namespace Gatehouse.Store.TrustLog;

/// <summary>Facts of the records that the log writes about itself.</summary>
internal static class TrustLogDetails
{
    internal static string Of(string signingKey, NoteKey key, TrustLogState? former = null, string? problem = null)
    {
        var detail = new JsonObject { ["key"] = signingKey, ["verifierKey"] = key.ToString() };
        if (problem is not null)
        {
            detail["problem"] = problem;
            detail["formerOrigin"] = former?.Origin;
            detail["formerSize"] = former?.Size;
            detail["formerCheckpoint"] = former?.Checkpoint;
        }

        return detail.ToJsonString();
    }
}
