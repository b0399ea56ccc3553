using Gatehouse.Contracts.Access;

namespace Gatehouse.ServiceApi.Rest;

/// <summary>One operation of a REST plane: where it lives, the row that says who may use it, and what it does. One class, one file.</summary>
/// <remarks>A route cannot exist without its row of <see cref="Operations"/>: the constructor asks for it. Register the class in <see cref="ServiceApiSetup"/>.</remarks>
internal abstract class ApiOperation(Operation row, string method, string template)
{
    internal Operation Row { get; } = row;

    /// <summary>HTTP method in capitals.</summary>
    internal string Method { get; } = method;

    /// <summary>Segments without a leading slash; <c>{name}</c> takes one segment as it is. Fixed segments match in any case, and go before <c>{name}</c>.</summary>
    internal string Template { get; } = template;

    /// <summary>Whether each request counts as one operation of its row's class.</summary>
    internal virtual bool IsThrottledByRequest => true;

    /// <summary>Runs with an authenticated, authorized caller. Expected failures are answers, not exceptions.</summary>
    internal abstract Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken);
}
