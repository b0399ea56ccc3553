using System.Globalization;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.ServiceApi.Rest.Queries;

/// <summary>What a caller's headers say of the page.</summary>
/// <param name="Items">Most rows; null for as many as the hub likes.</param>
/// <param name="Continuation">From the page before; null for the first.</param>
internal sealed record Paging(int? Items, string? Continuation)
{
    internal static Result<Paging> Read(ApiRequest request)
    {
        int? items = null;
        if (request.Http.Request.Headers["x-ms-max-item-count"].ToString() is { Length: > 0 } header)
        {
            // The Node SDK writes 0 or less for "as many as you like".
            if (!long.TryParse(header, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var wanted))
            {
                return HubErrors.ArgumentInvalid.With("x-ms-max-item-count must be a whole number.");
            }

            items = wanted < 1 ? null : (int)Math.Min(wanted, Hub.Queries.Queries.MaxPageItems);
        }

        var continuation = request.Http.Request.Headers["x-ms-continuation"].ToString();
        return new Paging(items, continuation.Length == 0 ? null : continuation);
    }
}
