using System.Globalization;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.Queries.Language;

/// <summary>Why a text is not a query.</summary>
/// <param name="Index">Of the character, from 0.</param>
/// <param name="Reason">Ends no sentence.</param>
internal sealed record QueryFault(int Index, string Reason)
{
    internal HubError ToError() => HubErrors.ArgumentInvalid.With(string.Create(CultureInfo.InvariantCulture, $"The query is not valid at position {Index + 1}: {Reason}."));
}
