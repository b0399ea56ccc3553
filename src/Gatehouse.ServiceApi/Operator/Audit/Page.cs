using System.Globalization;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Audit;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Audit;

/// <summary>Numbers in the query of a list.</summary>
internal static class Page
{
    /// <summary><c>max</c>: 1–1000.</summary>
    internal static Result<int> Max(ApiRequest request, int otherwise)
    {
        var max = Number(request, "max", otherwise);
        return max is >= 1 and <= AuditTrail.MaxPage ? (int)max : HubErrors.ArgumentInvalid.With($"max must be 1 to {AuditTrail.MaxPage}.");
    }

    /// <summary>A number of 0 or more; null when it is none.</summary>
    internal static long? Number(ApiRequest request, string name, long otherwise) => request.Query(name) is not { } text
        ? otherwise
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
