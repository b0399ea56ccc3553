using System.Globalization;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Resources;
using Gatehouse.Identity.X509;

namespace Gatehouse.Hub.Revoking;

/// <summary>Whether a CA's new list may follow the one in force, and what comes of both. Pure.</summary>
internal sealed class IssuerListRules(RevocationOptions options)
{
    /// <summary>Why the list cannot be taken at this time, whatever is in force; null when it can.</summary>
    internal HubError? Fault(CertificateRevocationList list, bool isWhole, DateTimeOffset now) =>
        list.ThisUpdate > now + options.MaxListSkew ? Invalid($"it is of {Text(list.ThisUpdate)}, and it is {Text(now)} here. Check both clocks")
        : list.NextUpdate < now ? Invalid($"it is stale: the next one was due at {Text(list.NextUpdate)}, and it is {Text(now)} here. Take the CA's newest")
        : list.MayBePart && !isWhole ? Invalid("it names a distribution point, and may be one of several parts. If the CA has this one list only, say that it is whole")
        : null;

    /// <param name="row">The CA's row, new or as it is stored.</param>
    /// <param name="list">Signed by it.</param>
    /// <returns>The row with the list; the same row when nothing is new.</returns>
    internal static Result<IssuerListRow> Follow(IssuerListRow row, CertificateRevocationList list)
    {
        if (row.NumberValue is { } present)
        {
            // A complete list and a delta of one moment have one number.
            if (list.Thumbprint == row.Thumbprint || (list.BaseNumber is not null && list.Number == present))
            {
                return row;
            }

            if (list.Number < present || (list.Number == present && row.IsDelta == 0) || list.ThisUpdate.UtcTicks < row.ThisUpdate)
            {
                return HubErrors.GenericConflict.With($"The list is not newer than the one in force: it has number {list.Number} of {Text(list.ThisUpdate)}, in force is number {present} of {Text(new DateTimeOffset(row.ThisUpdate, TimeSpan.Zero))}.");
            }
        }

        if (list.BaseNumber is { } needed && !(row.NumberValue >= needed))
        {
            return HubErrors.GenericConflict.With(row.NumberValue is { } has
                ? $"The list is a delta to number {needed}, and in force is number {has}: import the CA's complete list first."
                : $"The list is a delta to number {needed}, and there is none: import the CA's complete list first.");
        }

        var serials = list.BaseNumber is null ? list.Serials : row.ToList().Serials.With(list.Serials);
        return row with
        {
            Version = ResourceName.NewETag(),
            Number = list.Number.ToString(CultureInfo.InvariantCulture),
            IsDelta = list.BaseNumber is null ? 0 : 1,
            ThisUpdate = list.ThisUpdate.UtcTicks,
            NextUpdate = list.NextUpdate.UtcTicks,
            Entries = serials.Count,
            Serials = serials.ToBytes(),
            Thumbprint = list.Thumbprint,
            StaleNoted = 0,
        };
    }

    internal static HubError Invalid(string fault) => HubErrors.ArgumentInvalid.With($"The list is not taken: {fault}.");

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
