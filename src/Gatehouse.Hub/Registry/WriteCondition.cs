using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.Registry;

/// <summary>Under which condition a write may happen: the precondition table of the service in one value.</summary>
/// <param name="MayCreate">Whether a missing identity is created.</param>
/// <param name="MayUpdate">Whether an existing one is replaced.</param>
/// <param name="ETag">The version that must be there; null for any.</param>
internal readonly record struct WriteCondition(bool MayCreate, bool MayUpdate, string? ETag = null)
{
    internal static WriteCondition Create { get; } = new(MayCreate: true, MayUpdate: false);

    internal static WriteCondition Update { get; } = new(MayCreate: false, MayUpdate: true);

    internal static WriteCondition CreateOrUpdate { get; } = new(MayCreate: true, MayUpdate: true);

    /// <summary>PUT: without If-Match it only creates, with it it only updates.</summary>
    internal static WriteCondition OfPut(IfMatch ifMatch) => ifMatch.Kind switch
    {
        IfMatchKind.Absent => Create,
        IfMatchKind.Any => Update,
        _ => Update with { ETag = ifMatch.ETag },
    };

    /// <summary>Null when the write may go on.</summary>
    /// <param name="present">What is stored; null for nothing.</param>
    /// <param name="exists">Answer when it exists and may not.</param>
    /// <param name="missing">Answer when it does not exist and must.</param>
    internal HubError? Check(IdentityRow? present, HubError exists, HubError missing)
    {
        if (present is null)
        {
            return MayCreate ? null : missing;
        }

        if (!MayUpdate)
        {
            return exists;
        }

        return ETag is null || ETag == ETags.Format(present.Etag) ? null : HubErrors.PreconditionFailed;
    }
}
