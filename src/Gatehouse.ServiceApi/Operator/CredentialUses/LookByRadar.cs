using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.UseTracking;
using Gatehouse.ServiceApi.Operator.Audit;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.CredentialUses;

/// <summary><c>GET /gatehouse/v1/radar?without=primaryKey&amp;only=fails&amp;after=d1&amp;max=100</c>: who would fail if this went away.</summary>
internal sealed class LookByRadar(Radar radar) : ApiOperation(Operations.ReadCredentialUses, "GET", "gatehouse/v1/radar")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var max = Page.Max(request, 100);
        if (!max.IsOk)
        {
            return max.Error;
        }

        RadarOutcome? only = null;
        if (request.Query("only") is { } word)
        {
            if (RadarEntryJson.OutcomeOf(word) is not { } outcome)
            {
                return HubErrors.ArgumentInvalid.With("only must be fails, otherWay or unknown.");
            }

            only = outcome;
        }

        IdentityKey? after = null;
        if (request.Query("after") is { } text)
        {
            if (!IdentityKey.TryParse(text, out var identity))
            {
                return HubErrors.ArgumentInvalid.With("after must be what the page before gave as next.");
            }

            after = identity;
        }

        var page = await radar.LookAsync(request.Hub, request.Query("without"), only, after, max.Value, cancellationToken);
        return page.IsOk ? ApiResponse.Json(RadarJson.From(page.Value), OperatorJson.Types.RadarJson) : page.Error;
    }
}

/// <summary>What the radar says of somebody, in answers.</summary>
/// <param name="DeviceId">Null: back ends.</param>
/// <param name="ModuleId">Null for devices.</param>
/// <param name="Outcome"><c>fails</c>, <c>otherWay</c> or <c>unknown</c>.</param>
/// <param name="LastUsed">Of anything; null for one that was never seen.</param>
/// <param name="Reason">One sentence.</param>
internal sealed record RadarEntryJson(string? DeviceId, string? ModuleId, string Outcome, DateTime? LastUsed, string Reason)
{
    internal static RadarEntryJson From(RadarEntry entry) =>
        new(entry.Identity?.Device.Value, entry.Identity?.Module?.Value, WordOf(entry.Outcome), entry.LastUsed?.UtcDateTime, entry.Reason);

    internal static RadarOutcome? OutcomeOf(string word) =>
        Enum.GetValues<RadarOutcome>().Where(each => WordOf(each) == word).Select(static each => (RadarOutcome?)each).FirstOrDefault();

    private static string WordOf(RadarOutcome outcome) => outcome switch { RadarOutcome.Fails => "fails", RadarOutcome.OtherWay => "otherWay", _ => "unknown" };
}

/// <param name="Without">As it was understood.</param>
/// <param name="Counts">Over the whole hub; null on pages after the first.</param>
/// <param name="Value">This page.</param>
/// <param name="Next">To be given as <c>after</c>; null on the last page.</param>
internal sealed record RadarJson(string Without, RadarCounts? Counts, IReadOnlyList<RadarEntryJson> Value, string? Next)
{
    internal static RadarJson From(RadarPage page) => new(page.Without, page.Counts, [.. page.Entries.Select(RadarEntryJson.From)], page.Next?.ToString());
}
