using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Configurations;
using Gatehouse.Hub.Registry;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.ServiceApi.Rest.Configurations;

/// <summary><c>PUT /configurations/{id}</c>: creates without If-Match (201), updates with it (200).</summary>
internal sealed class CreateOrUpdateConfiguration(Hub.Configurations.Configurations configurations)
    : ApiOperation(Operations.CreateOrUpdateConfiguration, "PUT", "configurations/{id}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var body = await request.ReadBytesAsync(cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        if (body.Value.IsEmpty)
        {
            return HubErrors.ArgumentNull.With("The body is empty.");
        }

        var input = ConfigurationInput.Parse(body.Value.Span);
        if (!input.IsOk)
        {
            return input.Error;
        }

        var id = request.Segment("id");
        if (input.Value.Id != id)
        {
            return HubErrors.ArgumentInvalid.With("The id of the body must equal the one of the path.");
        }

        // Observed: a condition without quotes is none here, other than for identities.
        var isQuoted = request.Http.Request.Headers.IfMatch.ToString().TrimStart().StartsWith('"');
        var saved = await configurations.PutAsync(request.Hub, request.Actor, id, input.Value, isQuoted ? ifMatch.Value : IfMatch.Absent, cancellationToken);
        return saved.IsOk ? ConfigurationDocument.Answer(saved.Value.Value, saved.Value.IsNew ? StatusCodes.Status201Created : StatusCodes.Status200OK) : saved.Error;
    }
}
