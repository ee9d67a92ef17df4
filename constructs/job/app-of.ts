import { hasJobspec } from "../../services/job-definition";
import type { App } from "./app";
import { appFromFields } from "./app-from-fields";
import { appFromJobspec } from "./app-from-jobspec";
import type { Mode, ServiceJobProps } from "./props";

/** The app of a service's job, whichever way its definition says the job. */
export function appOf(props: ServiceJobProps, mode: Mode): App {
  const { definition } = props;
  return hasJobspec(definition)
    ? appFromJobspec({ ...props, definition }, mode)
    : appFromFields({ ...props, definition }, mode);
}
