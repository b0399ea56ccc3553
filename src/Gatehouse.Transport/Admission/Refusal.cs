namespace Gatehouse.Transport.Admission;

/// <summary>Why a connection was not let in. The names are the metric's <c>reason</c>.</summary>
internal enum Refusal
{
    None,
    Draining,
    AddressRule,
    TooMany,
    TooManyUnauthenticated,
    TooManyFromAddress,
}
